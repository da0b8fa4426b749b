import { sql, type Kysely } from 'kysely';
import type { Dialect } from '../dialect/dialect.ts';
import type { Migration } from './migration.ts';

/** Traces with their spans, tags, metadata, links and assessments. */
export const traces: Migration = {
  name: '0013-traces',
  async up(db, dialect) {
    await createTraces(db, dialect);
    await createTexts(db, dialect);
    await createSpans(db, dialect);
    await createAssessments(db, dialect);
  },
};

async function createTraces(db: Kysely<unknown>, { integer, double }: Dialect): Promise<void> {
  let table = db.schema
    .createTable('traces')
    .addColumn('key', integer, (column) => column.primaryKey().notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('experiment_id', integer, (column) => column.notNull().references('experiments.id'))
    .addColumn('client_request_id', 'text')
    .addColumn('request_preview', 'text')
    .addColumn('response_preview', 'text')
    .addColumn('started_at', integer, (column) => column.notNull())
    .addColumn('duration_ms', integer)
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('is_finalized', integer, (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('session_id', 'text');
  const counts = [
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
  ];
  for (const name of counts) table = table.addColumn(name, integer);
  for (const name of ['input_cost', 'output_cost', 'total_cost']) table = table.addColumn(name, double);
  await table.execute();
  // In the order of an unsorted search: newest first, ties by id.
  await sql`create index traces_newest on traces (experiment_id, started_at desc, id)`.execute(db);
  await sql`create index traces_by_session on traces (session_id, experiment_id)`.execute(db);
}

async function createTexts(db: Kysely<unknown>, { integer, clustered }: Dialect): Promise<void> {
  for (const table of ['trace_tags', 'trace_metadata']) {
    await db.schema
      .createTable(table)
      .addColumn('trace_key', integer, (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_pk`, ['trace_key', 'key'])
      .modifyEnd(sql.raw(clustered))
      .execute();
  }
  await db.schema
    .createTable('trace_links')
    .addColumn('trace_key', integer, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('trace_links_pk', ['trace_key', 'kind', 'target'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}

/** No foreign keys here: a check per row would cost more than the row, and spans are stored under a trace just read. */
async function createSpans(db: Kysely<unknown>, { integer, double, clustered }: Dialect): Promise<void> {
  await db.schema
    .createTable('spans')
    .addColumn('trace_key', integer, (column) => column.notNull())
    .addColumn('span_id', 'text', (column) => column.notNull())
    .addColumn('parent_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('type', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('status_message', 'text', (column) => column.notNull())
    .addColumn('started_ns', integer, (column) => column.notNull())
    .addColumn('ended_ns', integer)
    .addColumn('attributes', 'text', (column) => column.notNull())
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('links', 'text', (column) => column.notNull())
    .addColumn('usage', 'text')
    .addColumn('input_cost', double)
    .addColumn('output_cost', double)
    .addColumn('total_cost', double)
    .addColumn('model_name', 'text')
    .addColumn('model_provider', 'text')
    .addPrimaryKeyConstraint('spans_pk', ['trace_key', 'span_id'])
    .modifyEnd(sql.raw(clustered))
    .execute();
}

async function createAssessments(db: Kysely<unknown>, { integer, double }: Dialect): Promise<void> {
  await db.schema
    .createTable('assessments')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('trace_key', integer, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('value_text', 'text', (column) => column.notNull())
    .addColumn('value_number', double)
    .addColumn('is_number', integer, (column) => column.notNull())
    .addColumn('error', 'text')
    .addColumn('rationale', 'text')
    .addColumn('source_type', 'text', (column) => column.notNull())
    .addColumn('source_id', 'text')
    .addColumn('span_id', 'text')
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('is_of_session', integer, (column) => column.notNull())
    .addColumn('overrides', 'text')
    .addColumn('is_valid', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .execute();
  await sql`create index assessments_of_trace on assessments (trace_key, kind, name)`.execute(db);
}
