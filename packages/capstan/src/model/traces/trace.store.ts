import { sql, type Selectable } from 'kysely';
import type { Dialect, Reader, Schema, Writer } from '#database';
import type { KeyValue } from '#model/experiments';
import { takeEarlyLinks } from './early-link.store.ts';
import { COST, NAME_TAG, SESSION, TOKEN_USAGE, type TraceInfo, type TraceStatus } from './model.ts';

export type TraceRow = Selectable<Schema['traces']>;

/** A trace's own facts, with the key that spans and tags refer to. */
export interface TraceHead extends Omit<TraceInfo, 'tags' | 'metadata' | 'assessments'> {
  readonly key: number;
  readonly isFinalized: boolean;
  readonly sessionId: string | null;
  /** Whether anything is known of tokens, and of costs. */
  readonly hasUsage: boolean;
  readonly hasCost: boolean;
}

export type NewTrace = Omit<TraceHead, 'key' | 'sessionId' | 'hasUsage' | 'hasCost'>;

/** How many keys one `in (…)` holds: SQLite takes 32,766 parameters, PostgreSQL 65,535. */
const CHUNK = 1_000;

export function chunked<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}

/** Traces by id, in no order; unknown ids are left out. */
export async function findTraces(reader: Reader, ids: readonly string[]): Promise<TraceHead[]> {
  const found: TraceHead[] = [];
  for (const chunk of chunked([...new Set(ids)])) {
    const rows = await reader.selectFrom('traces').selectAll().where('id', 'in', chunk).execute();
    found.push(...rows.map(toHead));
  }
  return found;
}

export async function findTrace(reader: Reader, id: string): Promise<TraceHead | undefined> {
  return (await findTraces(reader, [id]))[0];
}

/** With the links that came before it. Returns the key. Writes are one after another: keys count up. */
export async function insertTrace(writer: Writer, trace: NewTrace): Promise<number> {
  const last = await sql<{ key: number | null }>`select max(key) as key from traces`.execute(writer);
  const key = Number(last.rows[0]?.key ?? 0) + 1;
  await writer
    .insertInto('traces')
    .values({
      key,
      id: trace.id,
      experiment_id: Number(trace.experimentId),
      client_request_id: trace.clientRequestId,
      request_preview: trace.requestPreview,
      response_preview: trace.responsePreview,
      started_at: trace.startedAt,
      duration_ms: trace.durationMs,
      status: trace.status,
      is_finalized: Number(trace.isFinalized),
      name: trace.name,
      session_id: null,
    })
    .execute();
  await takeEarlyLinks(writer, { id: trace.id, key });
  return key;
}

export interface TraceChange {
  readonly name?: string | undefined;
  readonly experimentId?: string | undefined;
  readonly clientRequestId?: string | null | undefined;
  readonly requestPreview?: string | null | undefined;
  readonly responsePreview?: string | null | undefined;
  readonly startedAt?: number | undefined;
  readonly durationMs?: number | null | undefined;
  readonly status?: TraceStatus | undefined;
  readonly isFinalized?: boolean | undefined;
}

export async function updateTrace(writer: Writer, key: number, change: TraceChange): Promise<void> {
  const columns = {
    ...(change.name !== undefined && { name: change.name }),
    ...(change.experimentId !== undefined && { experiment_id: Number(change.experimentId) }),
    ...(change.clientRequestId !== undefined && { client_request_id: change.clientRequestId }),
    ...(change.requestPreview !== undefined && { request_preview: change.requestPreview }),
    ...(change.responsePreview !== undefined && { response_preview: change.responsePreview }),
    ...(change.startedAt !== undefined && { started_at: change.startedAt }),
    ...(change.durationMs !== undefined && { duration_ms: change.durationMs }),
    ...(change.status !== undefined && { status: change.status }),
    ...(change.isFinalized !== undefined && { is_finalized: Number(change.isFinalized) }),
  };
  if (Object.keys(columns).length === 0) return;
  await writer.updateTable('traces').set(columns).where('key', '=', key).execute();
}

const textColumns = [
  { name: 'trace_key', type: 'integer' },
  { name: 'key', type: 'text' },
  { name: 'value', type: 'text' },
] as const;

/** Sets tags, each key at most once; the name is copied to where it is grouped by. */
export async function putTags(
  dialect: Dialect,
  writer: Writer,
  trace: number,
  tags: readonly KeyValue[],
): Promise<void> {
  await putTexts(dialect, writer, 'trace_tags', trace, tags);
  const name = tags.find((tag) => tag.key === NAME_TAG)?.value;
  if (name !== undefined) await writer.updateTable('traces').set({ name }).where('key', '=', trace).execute();
}

/** False when there was no such tag. */
export async function removeTag(writer: Writer, trace: number, key: string): Promise<boolean> {
  const removed = await writer
    .deleteFrom('trace_tags')
    .where('trace_key', '=', trace)
    .where('key', '=', key)
    .executeTakeFirst();
  if (key === NAME_TAG) await writer.updateTable('traces').set({ name: null }).where('key', '=', trace).execute();
  return removed.numDeletedRows > 0n;
}

/** Sets metadata, each key at most once; session, tokens and costs are copied to where they are counted. */
export async function putMetadata(
  dialect: Dialect,
  writer: Writer,
  trace: number,
  metadata: readonly KeyValue[],
): Promise<void> {
  await putTexts(dialect, writer, 'trace_metadata', trace, metadata);
  const valueOf = (key: string) => metadata.find((entry) => entry.key === key)?.value;
  const session = valueOf(SESSION);
  const usage = numbersOf(valueOf(TOKEN_USAGE));
  const cost = numbersOf(valueOf(COST));
  const count = (key: string) => (Number.isSafeInteger(usage?.[key]) ? (usage?.[key] ?? null) : null);
  const columns = {
    ...(session !== undefined && { session_id: session }),
    ...(usage && {
      input_tokens: count('input_tokens'),
      output_tokens: count('output_tokens'),
      total_tokens: count('total_tokens'),
      cache_read_input_tokens: count('cache_read_input_tokens'),
      cache_creation_input_tokens: count('cache_creation_input_tokens'),
    }),
    ...(cost && {
      input_cost: cost['input_cost'] ?? null,
      output_cost: cost['output_cost'] ?? null,
      total_cost: cost['total_cost'] ?? null,
    }),
  };
  if (Object.keys(columns).length > 0)
    await writer.updateTable('traces').set(columns).where('key', '=', trace).execute();
}

/** Finite numbers of a JSON object; undefined for what is none. */
function numbersOf(json: string | undefined): Record<string, number> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json ?? '');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const numbers = Object.entries(parsed).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && Number.isFinite(entry[1]),
  );
  return Object.fromEntries(numbers);
}

async function putTexts(
  dialect: Dialect,
  writer: Writer,
  table: 'trace_tags' | 'trace_metadata',
  trace: number,
  texts: readonly KeyValue[],
): Promise<void> {
  const rows = [...new Map(texts.map(({ key, value }) => [key, value]))].map(([key, value]) => [trace, key, value]);
  const changed = sql`on conflict (trace_key, key) do update set value = excluded.value`;
  await dialect.insertMany(writer, table, textColumns, rows, changed);
}

/** Tags or metadata of traces, by trace key, sorted by name. */
export async function textsOf(
  reader: Reader,
  table: 'trace_tags' | 'trace_metadata',
  traces: readonly number[],
): Promise<Map<number, KeyValue[]>> {
  const found = new Map<number, KeyValue[]>(traces.map((trace) => [trace, []]));
  for (const chunk of chunked(traces)) {
    const query = reader.selectFrom(table).selectAll().where('trace_key', 'in', chunk).orderBy('key');
    for (const { trace_key, key, value } of await query.execute()) found.get(trace_key)?.push({ key, value });
  }
  return found;
}

/** Links traces to a run, or one to prompt versions; what is linked already stays so. */
export async function insertLinks(
  dialect: Dialect,
  writer: Writer,
  kind: 'run' | 'prompt',
  links: readonly (readonly [trace: number, target: string])[],
): Promise<void> {
  const columns = [
    { name: 'trace_key', type: 'integer' },
    { name: 'kind', type: 'text' },
    { name: 'target', type: 'text' },
  ] as const;
  const rows = links.map(([trace, target]) => [trace, kind, target]);
  await dialect.insertMany(writer, 'trace_links', columns, rows);
}

/** What a trace is linked to, sorted. */
export async function linksOf(reader: Reader, trace: number): Promise<{ kind: 'run' | 'prompt'; target: string }[]> {
  return await reader
    .selectFrom('trace_links')
    .select(['kind', 'target'])
    .where('trace_key', '=', trace)
    .orderBy('kind')
    .orderBy('target')
    .execute();
}

/** Traces of an experiment to be deleted, the oldest first. */
export async function tracesToDelete(
  reader: Reader,
  experiment: number,
  which: { readonly ids: readonly string[] } | { readonly until: number; readonly most: number | undefined },
): Promise<{ key: number; id: string }[]> {
  const all = reader
    .selectFrom('traces')
    .select(['key', 'id'])
    .where('experiment_id', '=', experiment)
    .orderBy('started_at')
    .orderBy('id');
  if ('until' in which) {
    const old = all.where('started_at', '<=', which.until);
    return await (which.most === undefined ? old : old.limit(which.most)).execute();
  }
  const found: { key: number; id: string }[] = [];
  for (const chunk of chunked([...new Set(which.ids)])) {
    found.push(...(await all.where('id', 'in', chunk).execute()));
  }
  return found;
}

/** With everything of theirs but the files. */
export async function deleteTraces(writer: Writer, traces: readonly number[]): Promise<void> {
  for (const chunk of chunked(traces)) {
    for (const table of ['spans', 'trace_tags', 'trace_metadata', 'trace_links', 'assessments'] as const) {
      await writer.deleteFrom(table).where('trace_key', 'in', chunk).execute();
    }
    await writer.deleteFrom('traces').where('key', 'in', chunk).execute();
  }
}

export function toHead(row: TraceRow): TraceHead {
  return {
    key: row.key,
    id: row.id,
    experimentId: String(row.experiment_id),
    clientRequestId: row.client_request_id,
    requestPreview: row.request_preview,
    responsePreview: row.response_preview,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    status: row.status,
    isFinalized: row.is_finalized === 1,
    name: row.name,
    sessionId: row.session_id,
    hasUsage: [row.input_tokens, row.output_tokens, row.total_tokens].some((count) => count !== null),
    hasCost: [row.input_cost, row.output_cost, row.total_cost].some((cost) => cost !== null),
  };
}
