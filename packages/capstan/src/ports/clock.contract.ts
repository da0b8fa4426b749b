import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';

/** What every clock keeps: whole milliseconds since 1970 that do not run backwards while nobody changes the time. */
export function describeClock(name: string, makeClock: () => Clock): void {
  describe(`clock contract: ${name}`, () => {
    it('tells whole milliseconds that a Date can hold', () => {
      const now = makeClock().now();
      expect(Number.isSafeInteger(now)).toBe(true);
      expect(Number.isNaN(new Date(now).getTime())).toBe(false);
    });

    it('does not run backwards', () => {
      const clock = makeClock();
      let earlier = clock.now();
      for (let reading = 0; reading < 10_000; reading++) {
        const later = clock.now();
        expect(later).toBeGreaterThanOrEqual(earlier);
        earlier = later;
      }
    });
  });
}
