import { sql, type Kysely } from 'kysely';
import type { Dialect } from '../dialect/dialect.ts';
import type { Migration } from './migration.ts';

/** Experiments, runs, metrics, logged models, artifacts and the model registry. */
export const model: Migration = {
  name: '0004-model',
  async up(db, dialect) {
    await createExperiments(db, dialect);
    await createMetrics(db, dialect);
    await createInputs(db, dialect);
    await createLoggedModels(db, dialect);
    await createRegistry(db, dialect);
  },
};

async function createExperiments(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('experiments')
    .addColumn('id', integer, (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('artifact_location', 'text', (column) => column.notNull())
    .addColumn('lifecycle', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('experiment_tags')
    .addColumn('experiment_id', integer, (column) => column.notNull().references('experiments.id'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('experiment_tags_pk', ['experiment_id', 'key'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('runs')
    .addColumn('key', integer, (column) => column.primaryKey().notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('experiment_id', integer, (column) => column.notNull().references('experiments.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('start_time', integer, (column) => column.notNull())
    .addColumn('end_time', integer)
    .addColumn('lifecycle', 'text', (column) => column.notNull())
    .addColumn('artifact_root', 'text', (column) => column.notNull().unique())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .execute();
  // In the order of an unsorted search: newest first, ties by id.
  await sql`create index runs_newest on runs (experiment_id, lifecycle, start_time desc, id)`.execute(db);
  for (const table of ['run_params', 'run_tags']) {
    await db.schema
      .createTable(table)
      .addColumn('run_key', integer, (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_pk`, ['run_key', 'key'])
      .modifyEnd(sql.raw(clustered))
      .execute();
  }
}

/** No foreign keys here: a check per row would cost more than the row, and the service inserts under a run it has read. */
async function createMetrics(db: Kysely<unknown>, { integer, double, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('metric_keys')
    .addColumn('id', integer, (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .execute();
  await db.schema
    .createTable('metric_points')
    .addColumn('run_key', integer, (column) => column.notNull())
    .addColumn('metric_id', integer, (column) => column.notNull())
    .addColumn('step', integer, (column) => column.notNull())
    .addColumn('logged_at', integer, (column) => column.notNull())
    .addColumn('value', double, (column) => column.notNull())
    .addPrimaryKeyConstraint('metric_points_pk', ['run_key', 'metric_id', 'step', 'logged_at', 'value'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('latest_metrics')
    .addColumn('run_key', integer, (column) => column.notNull())
    .addColumn('metric_id', integer, (column) => column.notNull())
    .addColumn('step', integer, (column) => column.notNull())
    .addColumn('logged_at', integer, (column) => column.notNull())
    .addColumn('value', double, (column) => column.notNull())
    .addColumn('min_value', double)
    .addColumn('max_value', double)
    .addPrimaryKeyConstraint('latest_metrics_pk', ['run_key', 'metric_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}

async function createInputs(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('run_datasets')
    .addColumn('id', integer, (column) => column.primaryKey().notNull())
    .addColumn('experiment_id', integer, (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('source_type', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('schema', 'text')
    .addColumn('profile', 'text')
    .addUniqueConstraint('run_datasets_name', ['experiment_id', 'name', 'digest'])
    .execute();
  await db.schema
    .createTable('run_dataset_inputs')
    .addColumn('run_key', integer, (column) => column.notNull())
    .addColumn('dataset_id', integer, (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('context', 'text')
    .addPrimaryKeyConstraint('run_dataset_inputs_pk', ['run_key', 'dataset_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema.createIndex('run_dataset_inputs_dataset').on('run_dataset_inputs').column('dataset_id').execute();
  await db.schema
    .createTable('run_models')
    .addColumn('run_key', integer, (column) => column.notNull())
    .addColumn('direction', 'text', (column) => column.notNull())
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('step', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('run_models_pk', ['run_key', 'direction', 'model_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}

async function createLoggedModels(db: Kysely<unknown>, { integer, double, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('logged_models')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('experiment_id', integer, (column) => column.notNull().references('experiments.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('model_type', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('source_run_id', 'text')
    .addColumn('artifact_root', 'text', (column) => column.notNull().unique())
    .addColumn('lifecycle', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .execute();
  await sql`create index logged_models_newest on logged_models (experiment_id, lifecycle, created_at desc, id)`.execute(
    db,
  );
  await db.schema.createIndex('logged_models_run').on('logged_models').column('source_run_id').execute();
  for (const table of ['logged_model_params', 'logged_model_tags']) {
    await db.schema
      .createTable(table)
      .addColumn('model_id', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_pk`, ['model_id', 'key'])
      .modifyEnd(sql.raw(clustered))
      .execute();
  }
  const metricKey = ['model_id', 'metric_id', 'dataset_name', 'dataset_digest', 'step', 'logged_at', 'value'] as const;
  await db.schema
    .createTable('logged_model_metrics')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('metric_id', integer, (column) => column.notNull())
    .addColumn('dataset_name', 'text', (column) => column.notNull())
    .addColumn('dataset_digest', 'text', (column) => column.notNull())
    .addColumn('step', integer, (column) => column.notNull())
    .addColumn('logged_at', integer, (column) => column.notNull())
    .addColumn('value', double, (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('logged_model_metrics_pk', [...metricKey])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('artifacts')
    .addColumn('root', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('size_bytes', integer, (column) => column.notNull())
    .addColumn('stored_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('artifacts_pk', ['root', 'path'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema.createIndex('artifacts_digest').on('artifacts').column('digest').execute();
}

async function createRegistry(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('registered_models')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('description', 'text')
    .addColumn('project', 'text')
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('model_version_counters')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('last_version', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('registered_model_tags')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('registered_model_tags_pk', ['model_id', 'key'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('model_versions')
    .addColumn('model_id', 'text', (column) => column.notNull().references('registered_models.id'))
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('artifact_root', 'text')
    .addColumn('artifact_path', 'text')
    .addColumn('run_id', 'text')
    .addColumn('logged_model_id', 'text')
    .addColumn('run_link', 'text')
    .addColumn('description', 'text')
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('model_versions_pk', ['model_id', 'version'])
    .execute();
  await db.schema.createIndex('model_versions_run').on('model_versions').column('run_id').execute();
  await db.schema
    .createTable('model_version_tags')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_version_tags_pk', ['model_id', 'version', 'key'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await createAliases(db, { integer, clustered });
}

async function createAliases(
  db: Kysely<unknown>,
  { integer, clustered }: Pick<Dialect, 'integer' | 'clustered'>,
): Promise<void> {
  await db.schema
    .createTable('model_aliases')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('alias', 'text', (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('model_aliases_pk', ['model_id', 'alias'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('model_alias_moves')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('seq', integer, (column) => column.notNull())
    .addColumn('alias', 'text', (column) => column.notNull())
    .addColumn('from_version', integer)
    .addColumn('to_version', integer)
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('verdict_id', 'text')
    .addColumn('moved_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('model_alias_moves_pk', ['model_id', 'seq'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}
