import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, pathsMeet, type GraphNode } from './path-graph.ts';
import { createSchedule, type EndedStage, type ScheduleOptions } from './stage-schedule.ts';

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((steps) => steps.join('/'));

/** Stages whose outputs never meet; each may read anything, so that paths and not numbers make the graph. */
const stages = fc.array(fc.array(path, { maxLength: 3 }), { minLength: 1, maxLength: 12 }).map((reads) =>
  reads.map((paths, index): GraphNode => {
    // What comes before may be read: that cannot make a cycle.
    const prefix = (each: string): string => `s${index === 0 ? 0 : each.length % index}/${each}`;
    return { name: `n${index}`, reads: index === 0 ? [] : paths.map(prefix), writes: [`s${index}`] };
  }),
);

interface Play {
  readonly started: readonly string[];
  readonly ended: readonly EndedStage[];
}

/** Runs a schedule to its end: `choices` decide which running stage ends next and how. */
function play(
  nodes: readonly GraphNode[],
  options: ScheduleOptions,
  choices: readonly number[],
  cancelAt: number,
): Play {
  const graph = buildGraph(nodes);
  const schedule = createSchedule(
    graph.order.map(({ name }) => ({ name, after: graph.before(name) })),
    options,
  );
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const started: string[] = [];
  const ended: EndedStage[] = [];
  for (let step = 0; !schedule.isOver; step++) {
    if (step === cancelAt) ended.push(...schedule.cancel());
    started.push(...schedule.take());
    expect(schedule.running.size).toBeLessThanOrEqual(options.slots);
    assertApart([...schedule.running].map((name) => byName.get(name) as GraphNode));
    for (const name of schedule.running) {
      for (const before of graph.before(name)) {
        const end = ended.find((each) => each.name === before)?.end;
        expect(options.onFailure === 'ignore' ? ['done', 'failed'] : ['done'], name).toContain(end);
      }
    }
    const choice = choices[step % choices.length] ?? 0;
    const running = [...schedule.running];
    if (running.length === 0) continue;
    ended.push(...schedule.end(running[choice % running.length] ?? '', choice % 4 === 3 ? 'failed' : 'done'));
  }
  return { started, ended };
}

function assertApart(running: readonly GraphNode[]): void {
  for (const one of running) {
    for (const other of running) {
      if (one === other) continue;
      const touched = [...other.reads, ...other.writes];
      expect(one.writes.some((each) => touched.some((file) => pathsMeet(each, file)))).toBe(false);
    }
  }
}

const options = fc.record({
  slots: fc.integer({ min: 1, max: 4 }),
  onFailure: fc.constantFrom('stop' as const, 'keep-going' as const, 'ignore' as const),
});
const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 20 });

describe('any schedule', () => {
  it('keeps apart what meets, waits for what is read, and ends every stage exactly once', () => {
    fc.assert(
      fc.property(stages, options, choices, fc.nat(30), (nodes, how, chosen, cancelAt) => {
        const { started, ended } = play(nodes, how, chosen, cancelAt);
        expect(ended.map(({ name }) => name).toSorted()).toEqual(nodes.map(({ name }) => name).toSorted());
        expect(new Set(started).size).toBe(started.length);
        const ran = ended.filter(({ end }) => end === 'done' || end === 'failed').map(({ name }) => name);
        expect(started.toSorted()).toEqual(ran.toSorted());
      }),
    );
  });

  it('skips for a failure only what depends on it, where it is to keep going', () => {
    fc.assert(
      fc.property(stages, choices, fc.integer({ min: 1, max: 4 }), (nodes, chosen, slots) => {
        const graph = buildGraph(nodes);
        const { ended } = play(nodes, { slots, onFailure: 'keep-going' }, chosen, -1);
        const bad = new Set(ended.filter(({ end }) => end === 'failed').map(({ name }) => name));
        for (const { name } of graph.order) if (graph.before(name).some((each) => bad.has(each))) bad.add(name);
        const unfinished = ended.filter(({ end }) => end !== 'done').map(({ name }) => name);
        expect(unfinished.toSorted()).toEqual([...bad].toSorted());
      }),
    );
  });
});

describe('a failure', () => {
  const diamond = [
    { name: 'a', after: [] },
    { name: 'b', after: ['a'] },
    { name: 'c', after: ['b'] },
    { name: 'd', after: [] },
  ];

  it('stops all that has not started, by default', () => {
    const schedule = createSchedule(diamond, { slots: 1, onFailure: 'stop' });
    expect(schedule.take()).toEqual(['a']);
    expect(schedule.end('a', 'failed')).toEqual([
      { name: 'a', end: 'failed' },
      { name: 'b', end: 'skipped', because: 'a' },
      { name: 'c', end: 'skipped', because: 'a' },
      { name: 'd', end: 'skipped', because: 'a' },
    ]);
    expect(schedule.isOver).toBe(true);
  });

  it('is told once', () => {
    const schedule = createSchedule(diamond, { slots: 1, onFailure: 'ignore' });
    schedule.take();
    schedule.end('a', 'failed');
    expect(() => schedule.end('a', 'done')).toThrow('does not run');
    expect(schedule.take()).toEqual(['b']);
  });
});
