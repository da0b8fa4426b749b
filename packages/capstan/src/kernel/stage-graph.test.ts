import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stage } from './pipeline-definition.ts';
import { pathsMeet } from './path-graph.ts';
import { orderStages } from './stage-graph.ts';

function stage(name: string, reads: readonly string[], writes: readonly string[]): Stage {
  return {
    name,
    description: undefined,
    command: 'x',
    lines: ['x'],
    workingDirectory: '.',
    inputs: reads.map((file) => ({ path: file, file })),
    params: [],
    outputs: writes.map((file) => ({ path: file, file, kind: 'output', isCached: true, isPersistent: false })),
    metricsFiles: [],
    isFrozen: false,
    isAlwaysRun: false,
  };
}

function namesOf(stages: readonly Stage[]): string[] {
  return orderStages(stages).map((node) => node.stage.name);
}

describe('the order of stages', () => {
  it('puts each after those it reads from, otherwise as in the file', () => {
    const stages = [
      stage('last', ['mid/x'], []),
      stage('z', [], ['z']),
      stage('middle', ['first'], ['mid']),
      stage('a', [], ['first/deep']),
    ];
    expect(orderStages(stages).map((node) => [node.stage.name, node.after])).toEqual([
      ['z', []],
      ['a', []],
      ['middle', ['a']],
      ['last', ['middle']],
    ]);
  });

  it('follows a parameters file that a stage writes', () => {
    const reader = { ...stage('reader', [], []), params: [{ path: 'made.yaml', file: 'made.yaml', keys: ['x'] }] };
    expect(namesOf([reader, stage('writer', [], ['made.yaml'])])).toEqual(['writer', 'reader']);
  });

  it('keeps to the reading direction for any graph without cycles', () => {
    const graph = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(graph, (reads) => {
        // Stage i may read from stages before it only; then the list is turned round.
        const stages = reads
          .map((from, i) =>
            stage(
              `s${i}`,
              from.filter((j) => j < i).map((j) => `o${j}`),
              [`o${i}`],
            ),
          )
          .toReversed();
        const order = namesOf(stages);
        expect(order.toSorted()).toEqual(stages.map((each) => each.name).toSorted());
        for (const [i, from] of reads.entries()) {
          for (const j of from) if (j < i) expect(order.indexOf(`s${j}`)).toBeLessThan(order.indexOf(`s${i}`));
        }
      }),
    );
  });

  it.each([
    [[stage('a', ['c'], ['a']), stage('b', ['a'], ['b']), stage('c', ['b'], ['c'])], 'a → b → c → a'],
    [[stage('ok', [], ['x']), stage('self', ['d/in'], ['d'])], 'self → self'],
  ])('refuses a cycle and names it', (stages, cycle) => {
    expect(() => orderStages(stages)).toThrow(cycle);
  });
});

describe('outputs that overlap', () => {
  it.each([
    [stage('a', [], ['o']), stage('b', [], ['o']), "'o' is an output of both a and b"],
    [stage('a', [], ['d/x/y']), stage('b', [], ['d']), "the output 'd/x/y' of a lies in the output 'd' of b"],
    [stage('a', [], ['d', 'd/x']), stage('b', [], ['e']), "the output 'd/x' of a lies in the output 'd' of a"],
  ])('are refused', (a, b, message) => {
    expect(() => orderStages([a, b])).toThrow(message);
  });

  it('are only those that lie in each other', () => {
    expect(namesOf([stage('a', [], ['d', 'd-2', 'd.txt', 'x/d']), stage('b', [], ['d2', 'D'])])).toEqual(['a', 'b']);
  });

  it('are found among many neighbours', () => {
    expect(() => orderStages([stage('a', [], ['d', 'd!', 'd-1', 'd.1']), stage('b', [], ['d/z'])])).toThrow(/d\/z/);
  });
});

it.each([
  ['d', 'd', true],
  ['d/x', 'd', true],
  ['d', 'd/x', true],
  ['dx', 'd', false],
  ['.', 'd', true],
])('%s and %s meet: %s', (a, b, meet) => {
  expect(pathsMeet(a, b)).toBe(meet);
});
