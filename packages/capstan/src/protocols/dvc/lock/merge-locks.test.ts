import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeLocks, readLock } from './lock-text.ts';

const lock = (stages: Readonly<Record<string, number>>, rest = ''): string =>
  `schema: '2.0'\n${rest}stages:${Object.keys(stages).length === 0 ? ' {}' : ''}\n${Object.entries(stages)
    .map(([name, run]) => `  ${name}:\n    cmd: run ${run}\n`)
    .join('')}`;

const commandsOf = (text: string): Record<string, unknown> =>
  Object.fromEntries([...readLock(text, 'dvc.lock').stages].map(([name, { command }]) => [name, command]));

describe('a merge of two lock files', () => {
  it.each([
    ['changes of different stages', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 }, { a: 2, b: 3 }, []],
    ['the same change', { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }, []],
    ['a stage that one side added', { a: 1 }, { a: 1 }, { a: 1, n: 1 }, { a: 1, n: 1 }, []],
    ['stages that both added', {}, { x: 1 }, { y: 2 }, { x: 1, y: 2 }, []],
    ['a stage that one side took out', { a: 1, b: 1 }, { a: 1, b: 1 }, { b: 1 }, { b: 1 }, []],
    ['a stage that both ran otherwise', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 3, b: 1 }, { b: 1 }, ['a']],
    ['a stage that one took out and one ran', { a: 1 }, {}, { a: 2 }, {}, ['a']],
  ] as const)('takes %s', (_, base, ours, theirs, expected, leftOut) => {
    const merged = mergeLocks({ base: lock(base), ours: lock(ours), theirs: lock(theirs) }, 'dvc.lock');
    expect(merged).toEqual({ text: lock(expected), leftOut });
  });

  it('keeps what it does not know in the entry of either side', () => {
    const with_ = (text: string): string => `schema: '2.0'\nstages:\n  a:\n    cmd: run 1\n${text}`;
    const theirs = `${with_('')}  b:\n    cmd: run 1\n    desc: of a later version\n`;
    const { text } = mergeLocks({ base: with_(''), ours: with_(''), theirs }, 'dvc.lock');
    expect(text).toBe(theirs);
  });

  it('refuses what both changed beside the stages, and takes what one did', () => {
    const [one, two] = ['datasets:\n- name: one\n', 'datasets:\n- name: two\n'];
    const stages = { a: 1 };
    expect(mergeLocks({ base: undefined, ours: lock({}, one), theirs: lock(stages) }, 'dvc.lock').text).toBe(
      lock(stages, one),
    );
    expect(() =>
      mergeLocks({ base: lock(stages), ours: lock(stages, one), theirs: lock(stages, two) }, 'dvc.lock'),
    ).toThrow(expect.objectContaining({ code: 'CONFLICT', field: 'dvc.lock' }));
  });

  it('is what both sides agree on, whichever is ours', () => {
    const runs = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(runs, runs, runs, (base, ours, theirs) => {
        const merge = (o: typeof ours, t: typeof theirs) =>
          mergeLocks({ base: lock(base), ours: lock(o), theirs: lock(t) }, 'dvc.lock');
        const [one, other] = [merge(ours, theirs), merge(theirs, ours)];
        expect(commandsOf(one.text)).toEqual(commandsOf(other.text));
        expect(new Set(one.leftOut)).toEqual(new Set(other.leftOut));
        expect(commandsOf(merge(ours, base).text)).toEqual(commandsOf(lock(ours)));
      }),
    );
  });
});
