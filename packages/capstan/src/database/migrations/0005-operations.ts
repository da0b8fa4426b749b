import { sql, type Kysely } from 'kysely';
import type { Dialect } from '../dialect/dialect.ts';
import type { Migration } from './migration.ts';

/** Deployments, rollouts, the serving snapshot, predictions and outcomes. */
export const operations: Migration = {
  name: '0005-operations',
  async up(db, dialect) {
    await createDeployments(db, dialect);
    await createRollouts(db, dialect);
    await createServing(db, dialect);
    await createSegments(db, dialect);
    await createPredictions(db, dialect);
    await createOutcomes(db, dialect);
  },
};

async function createDeployments(db: Kysely<unknown>, { integer, double }: Dialect): Promise<void> {
  await db.schema
    .createTable('deployments')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('context_id', 'text')
    .addColumn('context_event_time', 'text')
    .addColumn('champion', integer)
    .addColumn('last_revision', integer, (column) => column.notNull())
    .addColumn('breaker_state', 'text', (column) => column.notNull())
    .addColumn('breaker_mode', 'text', (column) => column.notNull())
    .addColumn('breaker_reason', 'text')
    .addColumn('breaker_changed_at', integer)
    .addColumn('baseline_probability', double)
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revisions')
    .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.name'))
    .addColumn('number', integer, (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('model_digest', 'text', (column) => column.notNull())
    .addColumn('threshold', double, (column) => column.notNull())
    .addColumn('input_adapters', 'text', (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('revisions_pk', ['deployment', 'number'])
    .execute();
  await db.schema.createIndex('revisions_model_digest').on('revisions').columns(['model_digest']).execute();
  await db.schema
    .createTable('champions')
    .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.name'))
    .addColumn('seq', integer, (column) => column.notNull())
    .addColumn('revision', integer, (column) => column.notNull())
    .addColumn('since', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('champions_pk', ['deployment', 'seq'])
    .execute();
}

async function createRollouts(db: Kysely<unknown>, { integer }: Dialect): Promise<void> {
  await db.schema
    .createTable('rollouts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.name'))
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('revision', integer, (column) => column.notNull())
    .addColumn('from_revision', integer)
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('stage', integer, (column) => column.notNull())
    .addColumn('verdict_id', 'text')
    .addColumn('cycle', 'text')
    .addColumn('progress', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('started_at', integer, (column) => column.notNull())
    .addColumn('ended_at', integer)
    .execute();
  await db.schema.createIndex('rollouts_deployment').on('rollouts').columns(['deployment', 'started_at']).execute();
  // One change at a time: two would be compared with each other and with neither.
  await sql`create unique index rollouts_open on rollouts (deployment)
    where state not in ('promoted', 'rolled-back')`.execute(db);
}

async function createServing(db: Kysely<unknown>, { integer }: Dialect): Promise<void> {
  await db.schema
    .createTable('serving_snapshot')
    .addColumn('id', integer, (column) => column.primaryKey().notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('serving_replicas')
    .addColumn('replica', 'text', (column) => column.primaryKey().notNull())
    .addColumn('reported_at', integer, (column) => column.notNull())
    .addColumn('report', 'text', (column) => column.notNull())
    .execute();
}

async function createSegments(db: Kysely<unknown>, { integer }: Dialect): Promise<void> {
  await db.schema
    .createTable('prediction_counters')
    .addColumn('deployment', 'text', (column) => column.primaryKey().notNull())
    .addColumn('last_seq', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('segments')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('replica', 'text', (column) => column.notNull())
    .addColumn('received_at', integer, (column) => column.notNull())
    .addColumn('records', integer, (column) => column.notNull())
    .addColumn('rows', integer, (column) => column.notNull())
    .addColumn('raw_digest', 'text')
    .execute();
  await db.schema
    .createTable('prediction_features')
    .addColumn('segment', 'text', (column) => column.notNull())
    .addColumn('deployment', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('size_bytes', integer, (column) => column.notNull())
    .addColumn('rows', integer, (column) => column.notNull())
    .addColumn('min_event_time', integer, (column) => column.notNull())
    .addColumn('max_event_time', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('prediction_features_pk', ['segment', 'deployment'])
    .execute();
  await db.schema
    .createIndex('prediction_features_window')
    .on('prediction_features')
    .columns(['deployment', 'max_event_time'])
    .execute();
}

async function createPredictions(db: Kysely<unknown>, { integer, double }: Dialect): Promise<void> {
  await db.schema
    .createTable('predictions')
    .addColumn('deployment', 'text', (column) => column.notNull())
    .addColumn('example_id', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('revision', integer, (column) => column.notNull())
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('segment', 'text', (column) => column.notNull())
    .addColumn('seq', integer, (column) => column.notNull())
    .addColumn('rollout', 'text')
    .addColumn('stage', integer)
    .addColumn('model_version', integer, (column) => column.notNull())
    .addColumn('share', double, (column) => column.notNull())
    .addColumn('threshold', double, (column) => column.notNull())
    .addColumn('event_time', integer, (column) => column.notNull())
    .addColumn('predicted_at', integer, (column) => column.notNull())
    .addColumn('ingested_at', integer, (column) => column.notNull())
    .addColumn('probability', double)
    .addColumn('decision', integer)
    .addColumn('error', 'text')
    .addColumn('latency_us', integer, (column) => column.notNull())
    .addColumn('part_rows', integer, (column) => column.notNull())
    .addColumn('is_split', integer, (column) => column.notNull())
    .addColumn('label', integer)
    .addColumn('label_at', integer)
    .addColumn('labelled_at', integer)
    .addColumn('label_seq', integer)
    .addColumn('loss', double)
    .addColumn('value', double)
    .addColumn('baseline_value', double)
    .addPrimaryKeyConstraint('predictions_pk', ['deployment', 'example_id', 'role', 'revision'])
    .execute();
  await db.schema.createIndex('predictions_seq').on('predictions').columns(['deployment', 'seq']).execute();
  await db.schema.createIndex('predictions_time').on('predictions').columns(['deployment', 'event_time']).execute();
  await sql`create index predictions_parts on predictions (deployment, seq) where part_rows > 0`.execute(db);
  await sql`create index predictions_labels on predictions (deployment, label_seq) where label_seq is not null`.execute(
    db,
  );
  await sql`create index predictions_labelled on predictions (deployment, labelled_at)
    where labelled_at is not null`.execute(db);
}

async function createOutcomes(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('outcomes')
    .addColumn('deployment', 'text', (column) => column.notNull())
    .addColumn('example_id', 'text', (column) => column.notNull())
    .addColumn('label', integer, (column) => column.notNull())
    .addColumn('label_at', integer, (column) => column.notNull())
    .addColumn('received_at', integer, (column) => column.notNull())
    .addColumn('corrections', integer, (column) => column.notNull())
    .addColumn('is_pending', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('outcomes_pk', ['deployment', 'example_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
  await sql`create index outcomes_pending on outcomes (deployment, received_at) where is_pending = 1`.execute(db);
}
