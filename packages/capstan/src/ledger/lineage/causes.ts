import type { EventRecord } from '@capstan/api';
import type { LineageDeps } from './deps.ts';
import { lastChangeBefore, type Link } from './model.ts';
import type { RolloutFound } from './serving-links.ts';

const MAX_FACTS = 1_000;

/**
 * Facts from the first cause to the one that last changed the traffic of a rollout before `at`. Judgements are made on
 * evidence, not caused by the start; so the causes of the start stand before them.
 */
export async function causesOf(
  { events }: LineageDeps,
  rollout: RolloutFound,
  at: number,
): Promise<Link<EventRecord[]>> {
  const facts = await events.list({ subject: `rollout:${rollout.id}`, limit: MAX_FACTS });
  const change = lastChangeBefore(facts, at) ?? facts[0];
  if (!change) return { missing: `no fact tells of the rollout ${rollout.id}` };
  const chain = new Map<number, EventRecord>();
  const started = facts.find(({ type }) => type === 'rollout.started');
  for (const end of [change, ...(started ? [started] : [])]) {
    let fact: EventRecord | undefined = end;
    while (fact && !chain.has(fact.seq)) {
      chain.set(fact.seq, fact);
      fact = fact.causationSeq === undefined ? undefined : await events.get(fact.causationSeq);
    }
  }
  return { found: [...chain.values()].toSorted((a, b) => a.seq - b.seq) };
}
