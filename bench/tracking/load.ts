// Clients that call as fast as they are answered, and what came of it.
import { Connection, type Reply } from './http-client.ts';

export interface Measured {
  /** Units of work per second: metrics, calls or runs. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One unit of a client's work on its own connection; returns how many units of work that was. */
type Work = (connection: Connection, client: number, round: number) => Promise<number>;

/** Lets `clients` work at once for `ms`. @throws Error for an answer that is not a success */
export async function measure(url: string, clients: number, ms: number, work: Work): Promise<Measured> {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(url)));
  const took: number[] = [];
  let units = 0;
  const begin = performance.now();
  const end = begin + ms;
  await Promise.all(
    connections.map(async (connection, client) => {
      for (let round = 0; performance.now() < end; round++) {
        const before = performance.now();
        const done = await work(connection, client, round);
        units += done;
        took.push(performance.now() - before);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1_000;
  for (const connection of connections) connection.close();
  return { rate: units / seconds, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

/** Milliseconds of each of `times` calls, after one that is not counted. */
export async function repeat(
  url: string,
  times: number,
  call: (connection: Connection) => Promise<unknown>,
): Promise<Measured> {
  const connection = await Connection.open(url);
  const took: number[] = [];
  for (let round = 0; round <= times; round++) {
    const before = performance.now();
    await call(connection);
    if (round > 0) took.push(performance.now() - before);
  }
  connection.close();
  const total = took.reduce((sum, ms) => sum + ms, 0);
  return { rate: (times * 1_000) / total, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

export function mustSucceed({ status, body }: Reply): Buffer {
  if (status !== 200) throw new Error(`${status}: ${body.toString('utf8').slice(0, 500)}`);
  return body;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
