import { z } from 'zod';
import type { Declaration, EventRecord } from '@capstan/api';
import type { KeyedTrigger } from './model.ts';

/** What is read of an alert; monitors may say more. */
const alert = z.object({ monitor: z.string(), kind: z.enum(['drift', 'decay']), reason: z.string() });

const checkedData = z.object({
  versionId: z.string(),
  dataset: z.string(),
  number: z.int(),
  verdict: z.enum(['accepted', 'quarantined']),
});

/** An alert as a trigger. */
export function alertTrigger(event: EventRecord): KeyedTrigger | undefined {
  const { success, data } = alert.safeParse(event.payload);
  if (!success) return undefined;
  const evidence = [{ kind: 'event', id: String(event.seq) } as const, { kind: 'monitor', id: data.monitor } as const];
  return { kind: data.kind, reason: data.reason, at: event.at, key: `event:${event.seq}`, evidence };
}

/** New data as a trigger, where the project says that it is one. */
export function dataTrigger(event: EventRecord, { retrain, datasets }: Declaration): KeyedTrigger | undefined {
  const { success, data } = checkedData.safeParse(event.payload);
  if (!success || data.verdict !== 'accepted' || !retrain?.on.includes('new_data')) return undefined;
  // Labelled predictions are exported by turns themselves: they must not start the next one.
  if (datasets[data.dataset]?.from === 'predictions') return undefined;
  const evidence = [
    { kind: 'event', id: String(event.seq) } as const,
    { kind: 'dataset-version', id: data.versionId } as const,
  ];
  const reason = `${data.dataset}@${data.number} was accepted`;
  return { kind: 'new-data', reason, at: event.at, key: `event:${event.seq}`, evidence };
}

export function scheduleTrigger(dueAt: number): KeyedTrigger {
  return { kind: 'schedule', reason: 'the declared schedule', at: dueAt, key: `schedule:${dueAt}`, evidence: [] };
}
