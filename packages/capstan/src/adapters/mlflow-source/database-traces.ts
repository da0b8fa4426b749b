import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeValue, type AttributeValue } from '#kernel/exact-json';
import type { SourceAssessment, SourceTrace, TraceSpans } from '#ports/tracking-source';
import { chunksOf, listOf, placesFor, push, textOf, textOrNull, textsBy, type Tables } from './rows.ts';
import { spansOfFile, spansOfTexts } from './spans.ts';
import type { Row, SqlReader } from './sql-reader.ts';
import { artifactUriOf, errorOf, hasSpansSomewhere, sourceTypeOf, stateOf } from './trace-messages.ts';

/** Traces read at a time, and those whose spans are. */
const PAGE = 500;
const WITH_SPANS = 50;

/** Metadata that MLflow 3.17 and later keep in columns of their own instead. */
const TRACE_NAME = 'mlflow.traceName';
const SESSION = 'mlflow.trace.session';
const countColumns = {
  'mlflow.trace.tokenUsage': [
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'cache_creation_input_tokens_above_1hr',
  ],
  'mlflow.trace.cost': ['input_cost', 'output_cost', 'total_cost'],
} as const;

/** Traces of an experiment, the oldest id first, page by page. */
export async function* tracePages(
  reader: SqlReader,
  tables: Tables,
  experimentId: string,
): AsyncIterable<SourceTrace[]> {
  if (!tables.has('trace_info')) return;
  for (let last = ''; ;) {
    const rows = await reader.rows(
      `select * from trace_info where experiment_id = ? and request_id > ? order by request_id limit ${PAGE}`,
      [Number(experimentId), last],
    );
    if (rows.length > 0) yield await loadTraces(reader, tables, rows);
    if (rows.length < PAGE) return;
    last = String(rows.at(-1)?.['request_id']);
  }
}

async function loadTraces(reader: SqlReader, tables: Tables, rows: readonly Row[]): Promise<SourceTrace[]> {
  const ids = rows.map((row) => String(row['request_id']));
  const texts = async (table: string) =>
    textsBy(
      await reader.rows(
        `select request_id as owner, key, value from ${table} where request_id in (${placesFor(ids)})`,
        ids,
      ),
    );
  const tags = await texts('trace_tags');
  const metadata = await texts('trace_request_metadata');
  const assessments = await assessmentsOf(reader, tables, ids);
  const links = await linksOf(reader, tables, ids);
  return rows.map((row) => {
    const id = String(row['request_id']);
    const own = tagsOf(row, tags.get(id) ?? {});
    return {
      id,
      experimentId: String(row['experiment_id']),
      clientRequestId: textOrNull(row['client_request_id']),
      requestPreview: textOrNull(row['request_preview']),
      responsePreview: textOrNull(row['response_preview']),
      startedAt: Number(row['timestamp_ms']),
      durationMs: row['execution_time_ms'] == null ? null : Number(row['execution_time_ms']),
      status: stateOf(textOf(row['status'])),
      tags: own,
      metadata: metadataOf(row, metadata.get(id) ?? {}),
      assessments: assessments.get(id) ?? [],
      runs: links.runs.get(id) ?? [],
      prompts: links.prompts.get(id) ?? [],
      artifactUri: artifactUriOf(own),
    };
  });
}

function tagsOf(row: Row, tags: Record<string, string>): Record<string, string> {
  const name = textOrNull(row['trace_name']);
  return name === null ? tags : { ...tags, [TRACE_NAME]: name };
}

function metadataOf(row: Row, metadata: Record<string, string>): Record<string, string> {
  const found = { ...metadata };
  const session = textOrNull(row['session_id']);
  if (session !== null) found[SESSION] = session;
  for (const [key, columns] of Object.entries(countColumns)) {
    const told = columns.flatMap((column): [string, AttributeValue][] => {
      const value = row[column];
      if (value == null) return [];
      return [[column, column.endsWith('_cost') ? Number(value) : BigInt(textOf(value))]];
    });
    if (told.length > 0) found[key] = writeValue(new Map(told));
  }
  return found;
}

async function assessmentsOf(
  reader: SqlReader,
  tables: Tables,
  ids: readonly string[],
): Promise<Map<string, SourceAssessment[]>> {
  const found = new Map<string, SourceAssessment[]>();
  if (!tables.has('assessments')) return found;
  const rows = await reader.rows(
    `select * from assessments where trace_id in (${placesFor(ids)}) order by created_timestamp, assessment_id`,
    ids,
  );
  for (const row of rows) push(found, String(row['trace_id']), toAssessment(row));
  return found;
}

const kinds = ['feedback', 'expectation', 'issue'] as const;

function toAssessment(row: Row): SourceAssessment {
  const kind = kinds.find((known) => known === row['assessment_type']) ?? 'feedback';
  const value = parsed(row['value']);
  const error = textOrNull(row['error']);
  const valid = row['valid'];
  return {
    id: String(row['assessment_id']),
    kind,
    name: textOf(row['name']),
    value: kind === 'issue' ? issueName(value) : value,
    error: error === null ? null : errorOf(parsed(error)),
    rationale: textOrNull(row['rationale']),
    sourceType: sourceTypeOf(textOf(row['source_type'])),
    sourceId: textOrNull(row['source_id']),
    spanId: textOrNull(row['span_id']),
    metadata: metadataTexts(parsed(row['assessment_metadata'])),
    overrides: textOrNull(row['overrides']),
    isValid: valid !== false && Number(valid ?? 1) !== 0,
    createdAt: Number(row['created_timestamp']),
    updatedAt: Number(row['last_updated_timestamp']),
  };
}

function issueName(value: unknown): string {
  const name = typeof value === 'object' && value !== null && 'issue_name' in value ? value.issue_name : value;
  return typeof name === 'string' ? name : '';
}

function metadataTexts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)]),
  );
}

/** Python writes NaN into JSON; as an assessment it is nothing that anybody said. */
function parsed(value: Row[string] | undefined): unknown {
  try {
    return JSON.parse(textOf(value)) as unknown;
  } catch {
    return null;
  }
}

async function linksOf(
  reader: SqlReader,
  tables: Tables,
  ids: readonly string[],
): Promise<{ readonly runs: Map<string, string[]>; readonly prompts: Map<string, string[]> }> {
  const links = { runs: new Map<string, string[]>(), prompts: new Map<string, string[]>() };
  if (!tables.has('entity_associations')) return links;
  const rows = await reader.rows(
    `select source_id, destination_type, destination_id from entity_associations
      where source_type = 'trace' and source_id in (${placesFor(ids)})
      order by source_id, destination_type, destination_id`,
    ids,
  );
  for (const row of rows) {
    const kind =
      row['destination_type'] === 'run' ? 'runs' : row['destination_type'] === 'prompt_version' ? 'prompts' : null;
    if (kind !== null) push(links[kind], String(row['source_id']), String(row['destination_id']));
  }
  return links;
}

/**
 * Spans of traces: from the database, or from the file that clients kept them in before it did.
 * @param folderOf where the files of a trace lie; null where that is not known
 */
export async function* spansIn(
  reader: SqlReader,
  tables: Tables,
  traces: readonly SourceTrace[],
  folderOf: (trace: SourceTrace) => string | null,
): AsyncIterable<TraceSpans> {
  const byId = new Map(traces.map((trace) => [trace.id, trace]));
  for (const ids of chunksOf([...byId.keys()], WITH_SPANS)) {
    const texts = new Map<string, string[]>();
    if (tables.has('spans')) {
      const rows = await reader.rows(
        `select trace_id, content from spans where trace_id in (${placesFor(ids)})
          order by trace_id, start_time_unix_nano, span_id`,
        ids,
      );
      for (const row of rows) push(texts, String(row['trace_id']), String(row['content']));
    }
    for (const id of ids) {
      const own = texts.get(id);
      const trace = byId.get(id);
      if (own) yield spansOfTexts(id, own);
      else if (trace) yield* spansInFolder(trace, folderOf(trace));
    }
  }
}

/** Spans of the file `traces.json` of a trace; an empty list where there are none anywhere. */
export async function* spansInFolder(trace: SourceTrace, folder: string | null): AsyncIterable<TraceSpans> {
  const text = folder === null ? null : await readFile(join(folder, 'traces.json'), 'utf8').catch(() => null);
  if (text !== null) yield spansOfFile(trace.id, text);
  else if (!hasSpansSomewhere(trace)) yield { traceId: trace.id, spans: [], hasFiles: false };
}

/** How many traces these experiments have. */
export async function countTraces(reader: SqlReader, tables: Tables, experiments: readonly number[]): Promise<number> {
  if (!tables.has('trace_info')) return 0;
  const [row] = await reader.rows(
    `select count(*) as count from trace_info where experiment_id in (${listOf(experiments)})`,
  );
  return Number(row?.['count'] ?? 0);
}
