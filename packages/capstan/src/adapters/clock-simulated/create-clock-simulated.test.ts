import { describe, expect, it } from 'vitest';
import { describeClock } from '#ports/clock.contract';
import { createClockSimulated } from './index.ts';

const start = Date.parse('2026-03-01T00:00:00Z');

describeClock('simulated', () => createClockSimulated({ startMs: start }));

describe('simulated clock', () => {
  it('stands still until told, then shows the time it was told', () => {
    const clock = createClockSimulated({ startMs: start });
    expect(clock.now()).toBe(start);
    clock.advanceTo(start + 86_400_000);
    expect(clock.now()).toBe(start + 86_400_000);
    clock.advanceTo(start + 86_400_000);
    expect(clock.now()).toBe(start + 86_400_000);
  });

  it('refuses to go back and keeps its time', () => {
    const clock = createClockSimulated({ startMs: start });
    expect(() => clock.advanceTo(start - 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'ms' }),
    );
    expect(clock.now()).toBe(start);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, 9e15])('refuses %s as a time', (ms) => {
    expect(() => createClockSimulated({ startMs: ms })).toThrow(expect.objectContaining({ field: 'startMs' }));
    const clock = createClockSimulated({ startMs: start });
    expect(() => clock.advanceTo(ms)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(clock.now()).toBe(start);
  });
});
