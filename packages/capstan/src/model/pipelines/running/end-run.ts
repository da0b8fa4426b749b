import type { EventPayload } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import type { PipelinesDeps } from '../deps.ts';
import * as store from '../store.ts';

export interface RunEnd {
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly reason: string | null;
}

/** What a run's end changes in its row. */
export function endedRow(end: RunEnd & { readonly modelVersions: readonly string[] }, now: number) {
  return {
    status: end.outcome,
    phase: 'ended',
    reason: end.reason,
    model_versions: JSON.stringify(end.modelVersions),
    ended_at: now,
  } as const;
}

/** What stands with a run's end in one transaction: its open stages end too, and the fact is told. */
export async function recordEnd(
  deps: Pick<PipelinesDeps, 'clock' | 'events'>,
  writer: Writer,
  run: { readonly id: string; readonly project: string; readonly number: number },
  end: RunEnd & { readonly runIds: readonly string[]; readonly modelVersions: readonly string[] },
  cause: Cause,
): Promise<{ readonly seq: number }> {
  await store.endOpenStages(writer, run.id, deps.clock.now());
  const payload: EventPayload<'pipeline-run.ended'> = {
    pipelineRun: run.id,
    number: run.number,
    outcome: end.outcome,
    ...(end.reason !== null && { reason: end.reason }),
    runIds: [...end.runIds],
    modelVersions: [...end.modelVersions],
  };
  return await deps.events.append(writer, cause, {
    type: 'pipeline-run.ended',
    project: run.project,
    subject: `pipeline-run:${run.id}`,
    payload,
  });
}
