import { DomainError } from '#kernel/errors';
import type { FileOwner, SourceTrace, TrackingSource } from '#ports/tracking-source';
import { leftBehindNotes, leftBehindTables, loadDatasets, loadScorers, recordPages } from './database-evaluations.ts';
import { loadLoggedModels, loadModel } from './database-models.ts';
import { loadRuns, pointsOf } from './database-runs.ts';
import { countTraces, spansIn, tracePages } from './database-traces.ts';
import { filesIn, localFolder, openFile, type ArtifactMapping } from './local-files.ts';
import { DELETED_STAGE, lifecycleOf } from './places.ts';
import { listOf, textOrNull, textsBy, type Tables } from './rows.ts';
import type { SqlReader } from './sql-reader.ts';

/** Runs read at a time. */
const PAGE = 500;

const tableNames = [
  'experiments',
  'experiment_tags',
  'runs',
  'params',
  'tags',
  'metrics',
  'latest_metrics',
  'datasets',
  'inputs',
  'input_tags',
  'logged_models',
  'logged_model_params',
  'logged_model_tags',
  'logged_model_metrics',
  'registered_models',
  'registered_model_tags',
  'registered_model_aliases',
  'model_versions',
  'model_version_tags',
  'trace_info',
  'trace_tags',
  'trace_request_metadata',
  'assessments',
  'spans',
  'entity_associations',
  'evaluation_datasets',
  'evaluation_dataset_records',
  'scorers',
  ...leftBehindTables,
];

/** What an import can do without, and what it then lacks. */
const optional: Readonly<Record<string, string>> = {
  datasets: 'dataset inputs (from MLflow 2.4)',
  logged_models: 'logged models (from MLflow 3.0)',
  registered_models: 'registered models (from MLflow 1.4)',
  registered_model_aliases: 'aliases (from MLflow 2.3)',
  experiment_tags: 'tags of experiments',
  trace_info: 'traces (from MLflow 2.14)',
};

/** @throws DomainError INVALID_ARGUMENT for a database that is not MLflow's */
export async function openDatabaseSource(
  reader: SqlReader,
  address: string,
  mappings: readonly ArtifactMapping[],
): Promise<TrackingSource> {
  const columns = new Map<string, ReadonlySet<string>>();
  for (const table of tableNames) columns.set(table, await reader.columns(table));
  const tables: Tables = {
    has: (table, column) => {
      const found = columns.get(table);
      return found !== undefined && (column === undefined ? found.size > 0 : found.has(column));
    },
    column: (table, name, otherwise = 'null') => (tables.has(table, name) ? name : `${otherwise} as ${name}`),
  };
  for (const table of ['experiments', 'runs', 'params', 'tags', 'metrics']) {
    if (tables.has(table)) continue;
    throw new DomainError('INVALID_ARGUMENT', `The database has no table '${table}': it is none of MLflow's`, {
      field: 'uri',
      hint: 'Give the --backend-store-uri of the MLflow server.',
    });
  }
  const notes = Object.entries(optional)
    .filter(([table]) => !tables.has(table))
    .map(([, lacks]) => `The database is of an older MLflow: it holds no ${lacks}.`);
  notes.push(...(await leftBehindNotes(reader, tables)));
  const own = (table: string): string => (tables.has(table, 'workspace') ? "workspace = 'default'" : '1 = 1');

  const folderOf = (owner: FileOwner): string => localFolder(owner.artifactUri, mappings);
  const traceFolder = ({ id, artifactUri }: SourceTrace): string | null => {
    try {
      return folderOf({ kind: 'trace', id, artifactUri });
    } catch {
      return null;
    }
  };
  return {
    address,
    kind: 'database',
    notes,
    hasLocalFiles: true,

    async counts(experimentIds) {
      const ids = listOf(experimentIds.map(Number));
      const one = async (text: string): Promise<number> => Number((await reader.rows(text))[0]?.['count'] ?? 0);
      const inThese = `experiment_id in (${ids})`;
      const count = async (table: string, where: string): Promise<number> =>
        tables.has(table) ? await one(`select count(*) as count from ${table} where ${where}`) : 0;
      return {
        experiments: experimentIds.length,
        runs: await count('runs', inThese),
        points: await one(
          `select count(*) as count from metrics where run_uuid in (select run_uuid from runs where ${inThese})`,
        ),
        loggedModels: await count('logged_models', inThese),
        registeredModels: await count('registered_models', own('registered_models')),
        modelVersions: await count(
          'model_versions',
          `${own('model_versions')} and coalesce(current_stage, '') <> '${DELETED_STAGE}'`,
        ),
        traces: await countTraces(reader, tables, experimentIds.map(Number)),
        evaluationDatasets: await count('evaluation_datasets', own('evaluation_datasets')),
        scorers: await count('scorers', inThese),
      };
    },

    async experiments() {
      const rows = await reader.rows(
        `select experiment_id, name, lifecycle_stage, ${tables.column('experiments', 'creation_time', '0')},
                ${tables.column('experiments', 'last_update_time', '0')} from experiments
          where ${own('experiments')} order by experiment_id`,
      );
      const tags = tables.has('experiment_tags')
        ? textsBy(await reader.rows('select experiment_id as owner, key, value from experiment_tags'))
        : new Map<string, Record<string, string>>();
      return rows.map((row) => {
        const id = String(row['experiment_id']);
        const createdAt = Number(row['creation_time'] ?? 0);
        return {
          id,
          name: String(row['name']),
          lifecycle: lifecycleOf(textOrNull(row['lifecycle_stage'])),
          createdAt,
          updatedAt: Number(row['last_update_time'] ?? createdAt),
          tags: tags.get(id) ?? {},
        };
      });
    },

    async *runs(experimentId) {
      const facts = `run_uuid, ${tables.column('runs', 'name', "''")}, user_id, status, start_time, end_time,
        lifecycle_stage, artifact_uri, experiment_id`;
      for (let last = ''; ;) {
        const rows = await reader.rows(
          `select ${facts} from runs where experiment_id = ? and run_uuid > ? order by run_uuid limit ${PAGE}`,
          [Number(experimentId), last],
        );
        if (rows.length > 0) yield await loadRuns(reader, tables, rows);
        if (rows.length < PAGE) return;
        last = String(rows.at(-1)?.['run_uuid']);
      }
    },

    whole: async (run) => run,

    async *points(runs) {
      yield* pointsOf(reader, runs);
    },

    async *loggedModels(experimentId) {
      if (!tables.has('logged_models')) return;
      for (let last = ''; ;) {
        const rows = await reader.rows(
          `select * from logged_models where experiment_id = ? and model_id > ? order by model_id limit ${PAGE}`,
          [Number(experimentId), last],
        );
        if (rows.length > 0) yield await loadLoggedModels(reader, rows);
        if (rows.length < PAGE) return;
        last = String(rows.at(-1)?.['model_id']);
      }
    },

    async *registeredModels() {
      if (!tables.has('registered_models')) return;
      const rows = await reader.rows(`select * from registered_models where ${own('registered_models')} order by name`);
      for (const row of rows) yield await loadModel(reader, tables, row, own);
    },

    traces: (experimentId) => tracePages(reader, tables, experimentId),
    spans: (traces) => spansIn(reader, tables, traces, traceFolder),

    async *evaluationDatasets() {
      yield* await loadDatasets(reader, tables, own);
    },

    records: (datasetId) => recordPages(reader, tables, datasetId),

    async *scorers(experimentId) {
      yield* await loadScorers(reader, tables, experimentId);
    },

    files: (owner) => filesIn(folderOf(owner)),
    open: async (owner, file) => openFile(folderOf(owner), file.path),
    close: () => reader.close(),
  };
}
