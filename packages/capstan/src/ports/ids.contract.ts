import { describe, expect, it } from 'vitest';
import type { Ids } from './ids.ts';

/** What every maker of ids keeps: `prefix_` and 26 characters, never the same twice, in the order of making. */
export function describeIds(name: string, makeIds: () => Ids): void {
  describe(`ids contract: ${name}`, () => {
    it('makes the prefix, an underscore and 26 lower-case letters or digits', () => {
      const ids = makeIds();
      for (const prefix of ['run', 'mv', 'long_prefix']) {
        expect(ids.next(prefix)).toMatch(new RegExp(`^${prefix}_[0-9a-z]{26}$`));
      }
    });

    it('never makes one twice', () => {
      const ids = makeIds();
      const made = Array.from({ length: 20_000 }, () => ids.next('x'));
      expect(new Set(made).size).toBe(made.length);
    });

    it('sorts as text by the time of making, also within a millisecond', () => {
      const ids = makeIds();
      const made = Array.from({ length: 500 }, () => ids.next('x'));
      expect(made).toEqual(made.toSorted());
    });
  });
}
