import type { Client } from '@capstan/client';
import { durationText } from './time-text.ts';

type Run = Awaited<ReturnType<Client['experiments']['searchRuns']>>['items'][number];

/** The status, and of a lost run how long it has written nothing: `RUNNING, lost: silent for 12 min`. */
export function runStateText(run: Pick<Run, 'status' | 'liveness' | 'updatedAt'>, now: number): string {
  return run.liveness === 'lost'
    ? `${run.status}, lost: silent for ${durationText(run.updatedAt, now) || 'unknown time'}`
    : run.status;
}

/** The server's time, which may be simulated: silence is measured by it. */
export async function serverNow(client: Client): Promise<number> {
  return (await client.system.status({})).now;
}
