import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFit, makeRoom, type Tenant } from './make-room.ts';

const tenant = fc.record({
  bytes: fc.integer({ min: 0, max: 100 }),
  state: fc.constantFrom('loading', 'loaded', 'leaving'),
  usedAt: fc.integer({ min: 0, max: 9 }),
  isBusy: fc.boolean(),
  isSpare: fc.boolean(),
}) satisfies fc.Arbitrary<Tenant>;
const tenants = fc.array(tenant, { maxLength: 12 });
const wanted = fc.record({ bytes: fc.integer({ min: 0, max: 200 }), isSpare: fc.boolean() });
const budget = fc.integer({ min: 200, max: 600 });

const sum = (of: readonly Tenant[]): number => of.reduce((total, { bytes }) => total + bytes, 0);

test('a model is let in only where the budget holds it with all that is there, what leaves included', () => {
  fc.assert(
    fc.property(tenants, wanted, budget, (there, one, most) => {
      const { fits, leave } = makeRoom(there, one, most);
      expect(fits).toBe(sum(there) + one.bytes <= most);
      if (fits || one.isSpare) expect(leave).toEqual([]);
      expect(leave.every(({ state }) => state === 'loaded')).toBe(true);
    }),
  );
});

test('what leaves makes room where anything can, and none of it leaves for nothing', () => {
  fc.assert(
    fc.property(tenants, fc.integer({ min: 0, max: 200 }), budget, (there, bytes, most) => {
      const { fits, leave } = makeRoom(there, { bytes, isSpare: false }, most);
      if (fits) return;
      const kept = there.filter((one) => one.state !== 'leaving' && !leave.includes(one));
      const canFit = sum(there.filter(({ state }) => state === 'loading')) + bytes <= most;
      if (canFit) expect(sum(kept) + bytes).toBeLessThanOrEqual(most);
      const last = leave.at(-1);
      if (last) expect(sum(kept) + last.bytes + bytes).toBeGreaterThan(most);
    }),
  );
});

test('spare ones go before idle ones, those before busy ones, and of each the one used longest ago', () => {
  const rank = ({ isBusy, isSpare }: Tenant): number => (isBusy ? 2 : isSpare ? 0 : 1);
  fc.assert(
    fc.property(tenants, fc.integer({ min: 0, max: 200 }), budget, (there, bytes, most) => {
      const { leave } = makeRoom(there, { bytes, isSpare: false }, most);
      for (const stays of there.filter((one) => one.state === 'loaded' && !leave.includes(one))) {
        for (const goes of leave) {
          expect(rank(goes)).toBeLessThanOrEqual(rank(stays));
          if (rank(goes) === rank(stays)) expect(goes.usedAt).toBeLessThanOrEqual(stays.usedAt);
        }
      }
    }),
  );
});

test('where models have grown past the budget idle ones go, and a busy one never', () => {
  fc.assert(
    fc.property(tenants, budget, (there, most) => {
      const leave = makeFit(there, most);
      expect(leave.some(({ isBusy, state }) => isBusy || state !== 'loaded')).toBe(false);
      const kept = there.filter((one) => one.state !== 'leaving' && !leave.includes(one));
      const couldGo = kept.some(({ isBusy, state }) => !isBusy && state === 'loaded');
      if (couldGo) expect(sum(kept)).toBeLessThanOrEqual(most);
    }),
  );
});
