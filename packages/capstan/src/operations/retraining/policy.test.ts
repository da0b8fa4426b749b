import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideRetraining, type RetrainFacts, type RetrainPolicy, type TriggerKind } from './policy.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;
const policy: RetrainPolicy = {
  on: ['drift', 'decay', 'schedule'],
  coolDownMs: 7 * DAY,
  minLabels: 5_000,
  maxPerMonth: 4,
};
const facts: RetrainFacts = {
  now: NOW,
  hasChampion: true,
  startedAt: [NOW - 20 * DAY],
  openCycle: null,
  newLabels: 6_120,
  quarantined: [],
};
const decide = (kind: TriggerKind, changed: Partial<RetrainFacts> = {}) =>
  decideRetraining({ kind, reason: 'wind_speed JS 0.21', at: NOW }, policy, { ...facts, ...changed });

test('with every limit kept a turn starts, for the trigger’s reason', () => {
  expect(decide('drift')).toMatchObject({ start: true, reason: 'wind_speed JS 0.21' });
});

describe('each limit holds a turn back and is named', () => {
  test.each([
    ['trigger', 'new-data', {}],
    ['single-flight', 'drift', { openCycle: 4 }],
    ['data-quality', 'drift', { quarantined: ['flights@5'] }],
    ['cool-down', 'drift', { startedAt: [NOW - 6 * DAY] }],
    ['labels', 'drift', { newLabels: 4_999 }],
    ['budget', 'drift', { startedAt: [8, 15, 22, 29].map((ago) => NOW - ago * DAY) }],
  ] as const)('%s', (check, kind, changed) => {
    const decision = decide(kind, changed);
    expect(decision.start).toBe(false);
    expect(decision.reason).toContain(`${check}:`);
    expect(decision.checks.filter((entry) => !entry.ok).map((entry) => entry.check)).toEqual([check]);
  });
});

test('the cool-down is over when the declared time has passed, not later', () => {
  expect(decide('drift', { startedAt: [NOW - 7 * DAY] }).start).toBe(true);
  expect(decide('drift', { startedAt: [NOW - 7 * DAY + 1] }).start).toBe(false);
});

test('a person passes patience, but neither an open turn nor broken data', () => {
  const impatient = { startedAt: [NOW - 1], newLabels: 0 };
  expect(decide('person', impatient).start).toBe(true);
  expect(decide('person', { ...impatient, openCycle: 4 }).start).toBe(false);
  expect(decide('person', { ...impatient, quarantined: ['flights@5'] }).start).toBe(false);
});

test('the first model waits for nothing but data', () => {
  expect(decide('drift', { hasChampion: false, startedAt: [NOW - 1], newLabels: 0 }).start).toBe(true);
});

test('never more turns in 30 days than the budget, whatever the triggers', () => {
  const kinds = fc.constantFrom<TriggerKind>('drift', 'decay', 'schedule');
  fc.assert(
    fc.property(fc.array(fc.tuple(kinds, fc.integer({ min: 0, max: 5 * DAY }))), (triggers) => {
      const startedAt: number[] = [];
      let now = NOW;
      for (const [kind, wait] of triggers) {
        now += wait;
        const trigger = { kind, reason: '', at: now };
        if (decideRetraining(trigger, policy, { ...facts, now, startedAt }).start) startedAt.push(now);
        expect(startedAt.filter((at) => at > now - 30 * DAY).length).toBeLessThanOrEqual(policy.maxPerMonth);
      }
    }),
  );
});
