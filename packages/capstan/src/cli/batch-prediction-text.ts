import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { problem } from '@capstan/api';
import { ApiError, type Client } from '@capstan/client';
import { DomainError } from '#kernel/errors';
import { headersOf, urlOf } from './connect.ts';
import { oneLine, table, type Terminal } from './terminal.ts';
import { timeText } from './time-text.ts';

export type Batch = Awaited<ReturnType<Client['batchPredictions']['get']>>;

const POLL_MS = 300;

/** Waits for its end, and shows how far it is. */
export async function followed(client: Client, id: string, show: (text: string) => void): Promise<Batch> {
  for (;;) {
    const batch = await client.batchPredictions.get({ params: { batchPrediction: id } });
    if (batch.state !== 'queued' && batch.state !== 'running') return batch;
    show(progressText(batch));
    await sleep(POLL_MS);
  }
}

function progressText({ state, rows, rowsPerSecond, etaMs }: Batch): string {
  return state === 'queued' ? 'waiting for its turn' : rowsText(rows, rowsPerSecond, etaMs);
}

const BAR = 20;

/** `[####      ] 2000 of 5000 rows, 1000 rows/s, 3 s left` */
export function rowsText(
  rows: { readonly done: number; readonly total: number | null },
  rowsPerSecond: number | null,
  etaMs: number | null,
): string {
  const filled = Math.floor((BAR * rows.done) / Math.max(1, rows.total ?? 0));
  const bar = rows.total === null ? '' : `[${'#'.repeat(filled).padEnd(BAR)}] `;
  const speed = rowsPerSecond === null ? '' : `, ${Math.round(rowsPerSecond)} rows/s`;
  const left = etaMs === null ? '' : `, ${Math.ceil(etaMs / 1_000)} s left`;
  return `${bar}${rows.done} of ${rows.total ?? '?'} rows${speed}${left}`;
}

export function showBatch(batch: Batch): string {
  const { id, state, reason, input, rows, output, result, executor, machine } = batch;
  const where = executor === 'local' ? '' : ` on ${machine === null ? executor : `${executor}, ${oneLine(machine)}`}`;
  const bad = rows.failed === 0 ? '' : `, ${rows.failed} of them without an answer`;
  const lines = [
    `${id}: ${answeredBy(batch)} over ${input.dataset}@${input.number} is ${state}, ${rows.done} of ${rows.total ?? '?'} rows${bad}${where}`,
    ...(output === null ? [] : [`The result is ${output.dataset}@${output.number} (${output.versionId}).`]),
    ...(state === 'succeeded' && result === null ? ['The result is no longer kept.'] : []),
    ...(result?.keptUntil ? [`The result is kept until ${timeText(result.keptUntil)}.`] : []),
    ...(reason === null ? [] : [reason]),
  ];
  return lines.join('\n');
}

export function batchTable(batches: readonly Batch[]): string {
  return table(
    ['ID', 'BY', 'OVER', 'STATE', 'ROWS', 'RESULT', 'ON', 'BEGUN'],
    batches.map((batch) => [
      batch.id,
      oneLine(answeredBy(batch)),
      `${batch.input.dataset}@${batch.input.number}`,
      batch.state,
      batch.rows.done,
      batch.output === null ? '' : `${batch.output.dataset}@${batch.output.number}`,
      batch.executor,
      timeText(batch.createdAt),
    ]),
  );
}

function answeredBy({ deployment, revision, model, version }: Batch): string {
  return deployment === null ? `${model}/${version}` : `${deployment} revision ${revision}`;
}

/** Writes the result to a file, whole or not at all. @throws DomainError UNAVAILABLE when it cannot be had */
export async function downloadResult(terminal: Terminal, id: string, file: string): Promise<void> {
  const path = resolve(terminal.cwd, file);
  const response = await fetch(`${urlOf(terminal)}/api/v1/batch-predictions/${id}/result`, { headers: headersOf() });
  if (!response.ok) throw new ApiError(problem.parse(await response.json()));
  if (!response.body) throw new DomainError('UNAVAILABLE', 'The server answered without a result');
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(`${path}.part`));
    await rename(`${path}.part`, path);
  } finally {
    await rm(`${path}.part`, { force: true });
  }
}
