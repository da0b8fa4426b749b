import { readValue, writeValue } from '#kernel/exact-json';
import type { SourceEvaluationDataset, SourceRecord, SourceScorer } from '#ports/tracking-source';
import { placesFor, push, textOf, textOrNull, textsBy, type Tables } from './rows.ts';
import type { Row, SqlReader } from './sql-reader.ts';

const PAGE = 500;
/** MLflow keeps outputs in an object of this one field, so that a text is an object too. */
const WRAPPED = 'mlflow_wrapped';

export async function loadDatasets(
  reader: SqlReader,
  tables: Tables,
  own: (table: string) => string,
): Promise<SourceEvaluationDataset[]> {
  if (!tables.has('evaluation_datasets')) return [];
  const rows = await reader.rows(
    `select * from evaluation_datasets where ${own('evaluation_datasets')} order by created_time, dataset_id`,
  );
  const tags = textsBy(await reader.rows('select dataset_id as owner, key, value from evaluation_dataset_tags'));
  const counts = await reader.rows(
    'select dataset_id, count(*) as count from evaluation_dataset_records group by dataset_id',
  );
  const records = new Map(counts.map((row) => [String(row['dataset_id']), Number(row['count'])]));
  const experiments = new Map<string, string[]>();
  const links = await reader.rows(
    `select source_id, destination_id from entity_associations
      where source_type = 'evaluation_dataset' and destination_type = 'experiment' order by source_id, destination_id`,
  );
  for (const row of links) push(experiments, String(row['source_id']), String(row['destination_id']));
  return rows.map((row) => {
    const id = String(row['dataset_id']);
    const createdAt = Number(row['created_time'] ?? 0);
    return {
      id,
      name: textOf(row['name']),
      digest: textOf(row['digest']),
      schema: textOrNull(row['schema']),
      recordCount: records.get(id) ?? 0,
      createdAt,
      updatedAt: Number(row['last_update_time'] ?? createdAt),
      createdBy: textOrNull(row['created_by']),
      updatedBy: textOrNull(row['last_updated_by']),
      tags: tags.get(id) ?? {},
      experimentIds: experiments.get(id) ?? [],
    };
  });
}

/** In MLflow's order, which is that in which they came but for those of one moment. */
export async function* recordPages(reader: SqlReader, tables: Tables, dataset: string): AsyncIterable<SourceRecord[]> {
  const json = (column: string) =>
    tables.has('evaluation_dataset_records', column)
      ? `cast(${column} as text) as ${column}`
      : `cast(null as text) as ${column}`;
  // Databases of today would parse JSON, and make 1 of 1.0.
  const values = ['inputs', 'outputs', 'expectations', 'tags', 'source'].map(json).join(', ');
  let [time, id] = [-1, ''];
  for (;;) {
    const rows = await reader.rows(
      `select dataset_record_id, created_time, last_update_time, created_by, last_updated_by, ${values}
         from evaluation_dataset_records
        where dataset_id = ? and (created_time > ? or (created_time = ? and dataset_record_id > ?))
        order by created_time, dataset_record_id limit ${PAGE}`,
      [dataset, time, time, id],
    );
    if (rows.length > 0) yield rows.map(toRecord);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    [time, id] = [Number(last['created_time']), String(last['dataset_record_id'])];
  }
}

function toRecord(row: Row): SourceRecord {
  const createdAt = Number(row['created_time'] ?? 0);
  return {
    id: String(row['dataset_record_id']),
    inputs: jsonOrNull(row['inputs']) ?? '{}',
    outputs: unwrapped(row['outputs']),
    expectations: jsonOrNull(row['expectations']),
    tags: jsonOrNull(row['tags']) ?? '{}',
    source: jsonOrNull(row['source']),
    createdAt,
    updatedAt: Number(row['last_update_time'] ?? createdAt),
    createdBy: textOrNull(row['created_by']),
    updatedBy: textOrNull(row['last_updated_by']),
  };
}

/** JSON's null, which SQLAlchemy writes for None, is none. */
function jsonOrNull(value: Row[string] | undefined): string | null {
  const text = textOrNull(value);
  return text === 'null' ? null : text;
}

function unwrapped(value: Row[string] | undefined): string | null {
  const whole = readValue(textOf(value));
  const outputs = whole instanceof Map ? whole.get(WRAPPED) : undefined;
  return outputs === undefined || outputs === null ? null : writeValue(outputs);
}

export async function loadScorers(reader: SqlReader, tables: Tables, experiment: string): Promise<SourceScorer[]> {
  if (!tables.has('scorers')) return [];
  const rows = await reader.rows(
    'select scorer_id, scorer_name from scorers where experiment_id = ? order by scorer_name',
    [Number(experiment)],
  );
  const ids = rows.map((row) => String(row['scorer_id']));
  const versions = new Map<string, SourceScorer['versions'][number][]>();
  const all = await reader.rows(
    `select * from scorer_versions where scorer_id in (${placesFor(ids)}) order by scorer_id, scorer_version`,
    ids,
  );
  for (const row of all) {
    push(versions, String(row['scorer_id']), {
      version: Number(row['scorer_version']),
      serialized: textOf(row['serialized_scorer']),
      createdAt: Number(row['creation_time'] ?? 0),
    });
  }
  return rows.map((row) => {
    const id = String(row['scorer_id']);
    return { id, experimentId: experiment, name: textOf(row['scorer_name']), versions: versions.get(id) ?? [] };
  });
}

/** What MLflow keeps and Capstan has no counterpart of: told, so that nobody misses it later. */
const leftBehind: Readonly<Record<string, string>> = {
  webhooks: 'webhooks (their secrets can be read by MLflow alone)',
  endpoints: 'endpoints of the gateway',
  online_scoring_configs: 'scorers that run by themselves',
  issues: 'issues of traces',
  label_schemas: 'label schemas',
  review_queues: 'review queues',
  mcp_servers: 'MCP servers',
};

export const leftBehindTables = Object.keys(leftBehind);

export async function leftBehindNotes(reader: SqlReader, tables: Tables): Promise<string[]> {
  const notes: string[] = [];
  for (const [table, what] of Object.entries(leftBehind)) {
    if (!tables.has(table)) continue;
    const count = Number((await reader.rows(`select count(*) as count from ${table}`))[0]?.['count'] ?? 0);
    if (count > 0) notes.push(`Not brought: ${count} ${what}.`);
  }
  return notes;
}
