import { sql } from 'kysely';
import type { Dialect, Writer } from '#database';

/** Longer than any client keeps a trace to itself. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** Keeps links of a run to traces that are not here yet, and forgets those whose trace never came. */
export async function keepEarlyLinks(
  dialect: Dialect,
  writer: Writer,
  { traceIds, runId, at }: { readonly traceIds: readonly string[]; readonly runId: string; readonly at: number },
): Promise<void> {
  if (traceIds.length === 0) return;
  await writer
    .deleteFrom('early_trace_links')
    .where('linked_at', '<', at - KEPT_MS)
    .execute();
  const columns = [
    { name: 'trace_id', type: 'text' },
    { name: 'run_id', type: 'text' },
    { name: 'linked_at', type: 'integer' },
  ] as const;
  const rows = [...new Set(traceIds)].map((id) => [id, runId, at]);
  await dialect.insertMany(writer, 'early_trace_links', columns, rows);
}

/** Gives a trace that has just come the links that came before it. */
export async function takeEarlyLinks(writer: Writer, trace: { readonly id: string; readonly key: number }) {
  const early = await writer
    .deleteFrom('early_trace_links')
    .where('trace_id', '=', trace.id)
    .returning('run_id')
    .execute();
  for (const { run_id } of early) {
    await sql`insert into trace_links (trace_key, kind, target) values (${trace.key}, 'run', ${run_id})`.execute(
      writer,
    );
  }
}
