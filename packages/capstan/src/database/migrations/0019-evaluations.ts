import { sql, type Kysely } from 'kysely';
import type { Dialect } from '../dialect/dialect.ts';
import type { Migration } from './migration.ts';

/** Evaluation datasets with their records, and scorers with their versions. */
export const evaluations: Migration = {
  name: '0019-evaluations',
  async up(db, dialect) {
    await createDatasets(db, dialect);
    await createRecords(db, dialect);
    await createScorers(db, dialect);
  },
};

async function createDatasets(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('evaluation_datasets')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('schema', 'text')
    .addColumn('record_count', integer, (column) => column.notNull())
    .addColumn('last_position', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .addColumn('created_by', 'text')
    .addColumn('updated_by', 'text')
    .execute();
  await sql`create index evaluation_datasets_newest on evaluation_datasets (created_at desc, id desc)`.execute(db);
  await sql`create index evaluation_datasets_by_name on evaluation_datasets (name)`.execute(db);
  await db.schema
    .createTable('evaluation_dataset_tags')
    .addColumn('dataset_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('evaluation_dataset_tags_pk', ['dataset_id', 'key'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await db.schema
    .createTable('evaluation_dataset_experiments')
    .addColumn('dataset_id', 'text', (column) => column.notNull())
    .addColumn('experiment_id', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('evaluation_dataset_experiments_pk', ['dataset_id', 'experiment_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await sql`
    create index evaluation_datasets_of_experiment on evaluation_dataset_experiments (experiment_id, dataset_id)
  `.execute(db);
}

async function createRecords(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('evaluation_records')
    .addColumn('dataset_id', 'text', (column) => column.notNull())
    .addColumn('position', integer, (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('input_hash', 'text', (column) => column.notNull())
    .addColumn('inputs', 'text', (column) => column.notNull())
    .addColumn('outputs', 'text')
    .addColumn('expectations', 'text')
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('source', 'text')
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .addColumn('created_by', 'text')
    .addColumn('updated_by', 'text')
    .addPrimaryKeyConstraint('evaluation_records_pk', ['dataset_id', 'position'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await sql`create unique index evaluation_records_once on evaluation_records (dataset_id, input_hash)`.execute(db);
  await sql`create unique index evaluation_records_by_id on evaluation_records (dataset_id, id)`.execute(db);
}

async function createScorers(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('scorers')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('experiment_id', integer, (column) => column.notNull().references('experiments.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('last_version', integer, (column) => column.notNull())
    .execute();
  await sql`create unique index scorers_by_name on scorers (experiment_id, name)`.execute(db);
  await db.schema
    .createTable('scorer_versions')
    .addColumn('scorer_id', 'text', (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('serialized', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('scorer_versions_pk', ['scorer_id', 'version'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}
