// Holds the list of those who refer to blobs, and of what goes with a run, against the schema as it is: a column that
// nobody has thought of fails here, before bytes are lost or rows left behind.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { Database } from '#database';
import { tablesOfLoggedModel, tablesOfRun } from '#model/experiments';
import { blobHolders } from './retention.ts';

/** Columns that hold a digest of something else than a blob, or of a blob that need not be there. */
const noBlobs: Readonly<Record<string, string>> = {
  'data_files.digest': 'what a file holds, remembered by its content: no use without a version that has it',
  'data_file_scans.digest': 'as data_files',
  'dataset_versions.digest': 'of the list of files, which has their own',
  'dataset_versions.recipe_digest': 'of how a cut is made',
  'dataset_versions.registered_digest': 'of the list of registered files, whose blobs stand under quarantine',
  'feature_materializations.definition_digest': 'of the SQL of a feature view',
  'training_sets.recipe_digest': 'of how a training set is made',
  'logged_model_metrics.dataset_digest': "MLflow's digest of a dataset",
  'evaluation_datasets.digest': 'of the state of its records, which are rows',
  'run_datasets.digest': "MLflow's digest of a dataset",
  'expectation_tests.suite_digest': 'of the text of a file of the project',
  'project_revisions.digest': 'of the declaration, which is in the row',
  'revisions.digest': 'of the revision itself',
  'revisions.package_digest': 'of a list of files, which stands in model_packages',
  'model_packages.package_digest': 'of the list that the row belongs to',
  'batch_predictions.model_digest': 'of what answered: the revision or the registered model has it',
  'batch_predictions.package_digest': 'of a list of files, which the revision or the registered model has',
  'pipeline_runs.code_digest': 'of the names and hashes of files of code, which are in the repository',
};

/** Columns of JSON in which blobs stand. */
const jsonWithBlobs = ['dataset_versions.files', 'dataset_versions.quarantine', 'stage_results.outputs'];

/** Tables with a column of a run or logged model that outlive it: the name stays as text, or another rule removes them. */
const outliving: Readonly<Record<string, string>> = {
  'runs.key': 'removed first, so that nobody sees it',
  'logged_models.source_run_id': 'a logged model outlives its run, as with MLflow',
  'logged_model_metrics.run_id': 'points of the model, logged by the run',
  'logged_model_metrics.model_id': '',
  'model_versions.run_id': 'holds the run',
  'model_versions.model_id': 'a registered model',
  'model_versions.logged_model_id': 'holds the logged model',
  'model_aliases.model_id': 'a registered model',
  'model_history.model_id': 'a registered model',
  'model_version_tags.model_id': 'a registered model',
  'registered_model_tags.model_id': 'a registered model',
  'pipeline_stages.run_id': 'the history of the pipeline keeps the name',
  'stage_attempts.run_id': 'the history of the pipeline keeps the name',
  'early_trace_links.run_id': 'forgotten by itself where the trace does not come within a week',
  'sweep_trials.run_id': 'the history of the sweep keeps the name',
  'stage_results.run_id': 'outputs stand in for later runs whether or not the run is there',
};

/** Tables of an experiment, which go with it. */
const ofExperiment = [
  'experiment_tags',
  'import_experiments',
  'run_datasets',
  'runs',
  'logged_models',
  'traces',
  'evaluation_dataset_experiments',
  'scorers',
];

async function columnsOf(database: Database): Promise<string[]> {
  const query =
    database.dialect.name === 'sqlite'
      ? sql<{ name: string }>`
          select m.name || '.' || c.name as name from sqlite_master m join pragma_table_info(m.name) c
           where m.type = 'table'`
      : sql<{ name: string }>`
          select table_name || '.' || column_name as name from information_schema.columns
           where table_schema = current_schema()`;
  return (await query.execute(database.read)).rows.map((row) => row.name);
}

describeDatabases('what a purge must know', (open) => {
  test('every column with digests of blobs has a holder, and no holder names one that is not there', async () => {
    const database = await open();
    const columns = await columnsOf(database);
    const held = blobHolders(database).flatMap((holder) => holder.columns);
    const digests = columns.filter((column) => /digest|blob/.test(column));
    expect(digests.filter((column) => !held.includes(column) && !(column in noBlobs))).toEqual([]);
    expect(jsonWithBlobs.filter((column) => !held.includes(column))).toEqual([]);
    expect([...held, ...Object.keys(noBlobs)].filter((column) => !columns.includes(column))).toEqual([]);
    expect(held.filter((column) => column in noBlobs)).toEqual([]);
  });

  test('every table with rows of a run, a logged model or an experiment is emptied of them, or outlives them', async () => {
    const columns = await columnsOf(await open());
    const goes = new Set([
      ...tablesOfRun.map((table) => `${table}.run_key`),
      ...tablesOfLoggedModel.map((table) => `${table}.model_id`),
      ...ofExperiment.map((table) => `${table}.experiment_id`),
    ]);
    const named = columns.filter((column) =>
      /\.(run_key|(source_)?run_id|(logged_)?model_id|experiment_id)$/.test(column),
    );
    expect(named.filter((column) => !goes.has(column) && !(column in outliving))).toEqual([]);
    expect([...goes].filter((column) => !columns.includes(column))).toEqual([]);
  });

  test('holders read digests out of their columns, JSON too', async () => {
    const database = await open();
    const digest = `sha256:${'ab'.repeat(32)}` as const;
    await database.write(async (writer) => {
      const file = { path: 'a', digest, sizeBytes: 1 };
      const row = { root: '0/r/artifacts', size_bytes: 1, stored_at: 1 };
      const rows = Array.from({ length: 2_500 }, (_, index) => ({ ...row, path: `p${index}`, digest }));
      for (let start = 0; start < rows.length; start += 500)
        await writer
          .insertInto('artifacts')
          .values(rows.slice(start, start + 500))
          .execute();
      const result = { project: 'p', stage: 's', result_key: 'k', environment_key: 'e', entry: '', attempt: 'a' };
      await writer
        .insertInto('stage_results')
        .values({
          ...result,
          id: 'r',
          outputs: JSON.stringify([{ files: [file, file] }]),
          model_versions: '[]',
          created_at: 1,
        })
        .execute();
    });
    const counts: Record<string, number> = {};
    for (const holder of blobHolders(database)) {
      for await (const found of holder.digests()) {
        expect(found).toBe(digest);
        counts[holder.name] = (counts[holder.name] ?? 0) + 1;
      }
    }
    expect(counts).toEqual({ experiments: 2_500, pipelines: 2 });
  });
});
