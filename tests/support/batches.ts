// Batch predictions as their users begin and follow them.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import { capstan } from './server.ts';

export type Batch = Awaited<ReturnType<Client['batchPredictions']['get']>>;
type Request = Parameters<Client['batchPredictions']['start']>[0]['body'];

/** `capstan predict … --wait`, which must succeed. */
export async function predicted(url: string, ...args: string[]): Promise<Batch> {
  const { code, out, err } = await capstan(['predict', ...args, '--json', '--wait'], url);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}${out}`);
  return JSON.parse(out) as Batch;
}

/** Begins one by `plus` over the newest version of `points`; see measured-shop.ts. */
export async function startBatch(url: string, more: Partial<Request> = {}): Promise<string> {
  const client = createClient({ baseUrl: url });
  const { items } = await client.datasets.versions({ params: { project: 'measured', dataset: 'points' }, query: {} });
  const body = { deployment: 'plus', input: items[0]?.id ?? '', ...more };
  return (await client.batchPredictions.start({ body })).id;
}

async function batchOf(url: string, id: string): Promise<Batch> {
  return await createClient({ baseUrl: url }).batchPredictions.get({ params: { batchPrediction: id } });
}

/** Waits until that is so. @throws Error where it has ended before */
export async function untilBatch(url: string, id: string, isSo: (batch: Batch) => boolean): Promise<Batch> {
  for (;;) {
    const batch = await batchOf(url, id);
    if (isSo(batch)) return batch;
    if (batch.endedAt !== null) throw new Error(`it is ${batch.state} already: ${batch.reason}`);
    await sleep(20);
  }
}

export const hasEnded = ({ endedAt }: Batch): boolean => endedAt !== null;

/** SHA-256 of the result, as it is downloaded. */
export async function resultOf(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/batch-predictions/${id}/result`);
  return createHash('sha256')
    .update(new Uint8Array(await response.arrayBuffer()))
    .digest('hex');
}
