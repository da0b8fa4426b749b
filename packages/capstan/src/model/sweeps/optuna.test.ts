import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepSpace } from '@capstan/api';
import { createExecutorLocal } from '#adapters/executor-local';
import { invalid } from '#kernel/errors';
import { createEnvironments } from '#ports/python-environments';
import { randomIds } from '#ports/ids';
import { createOptuna, type Optuna, type ToldTrial } from './optuna.ts';
import { randomPoint } from './space.ts';

const SPACE: SweepSpace = {
  depth: { type: 'int', min: 1, max: 20, log: false },
  rate: { type: 'float', min: 0.0001, max: 1, log: true },
  share: { type: 'float', min: 0, max: 1, step: 0.25, log: false },
  kind: [1, true, '1', null],
};
const INSTALL_MS = 300_000;
const signal = new AbortController().signal;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-optuna-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** How this machine reaches its package index. */
const registry = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^((PIP|UV)_\w+|SSL_CERT_(FILE|DIR)|\w+_(proxy|PROXY))$/.test(name)),
) as Record<string, string>;

function realOptuna(): Optuna {
  const executor = createExecutorLocal();
  const commandEnvironment = { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8' };
  const environments = createEnvironments({
    executor,
    ids: randomIds,
    folder: join(folder, 'environments'),
    python: 'python3',
    log: pino({ level: 'silent' }),
    commandEnvironment,
    installerEnvironment: { ...commandEnvironment, ...registry },
  });
  return createOptuna({ executor, ids: randomIds, folder, commandEnvironment, environments });
}

/** Good where depth is near 7 and the kind is true. */
const lossOf = (point: ToldTrial['params']): number =>
  Math.abs(Number(point['depth']) - 7) + (point['kind'] === true ? 0 : 5);

describe('Optuna', () => {
  it(
    'proposes points of the space, nearer to what was good, from nothing but what it is told',
    async () => {
      const optuna = realOptuna();
      const trials = Array.from({ length: 40 }, (_, number): ToldTrial => {
        const params = randomPoint(SPACE, 3, number);
        return { state: 'succeeded', params, value: lossOf(params), step: null };
      });
      const odd: ToldTrial[] = (['failed', 'stopped', 'running', 'waiting', 'cancelled'] as const).map(
        (state, number) => ({
          state,
          params: randomPoint(SPACE, 4, number),
          value: state === 'stopped' ? 9 : null,
          step: state === 'stopped' ? 3 : null,
        }),
      );
      const ask = (goal: 'minimise' | 'maximise', told: readonly ToldTrial[]) =>
        optuna.ask({ space: SPACE, goal, seed: 1, trials: told, count: 8, signal });
      const mean = (points: readonly ToldTrial['params'][]) =>
        points.reduce((sum, point) => sum + lossOf(point), 0) / points.length;

      const nearer = await ask('minimise', [...trials, ...odd]);
      expect(nearer).toHaveLength(8);
      for (const point of nearer) {
        expect(Object.keys(point)).toEqual(Object.keys(SPACE));
        expect(SPACE['kind']).toContain(point['kind']);
        expect(Number.isInteger(point['depth'])).toBe(true);
        expect([0, 0.25, 0.5, 0.75, 1]).toContain(point['share']);
        expect(point['rate']).toBeGreaterThanOrEqual(0.0001);
      }
      const random = mean(trials.map(({ params }) => params));
      expect(mean(nearer)).toBeLessThan(random);
      expect(mean(await ask('maximise', trials))).toBeGreaterThan(random);
      expect(await ask('minimise', [...trials, ...odd])).toEqual(nearer);
      expect((await readdir(folder)).filter((name) => name.startsWith('ask-'))).toEqual([]);
    },
    INSTALL_MS,
  );

  it('that cannot be installed is told with a way out', async () => {
    const environments = { ensure: () => Promise.reject(invalid('No matching distribution found for optuna')) };
    const executor = createExecutorLocal();
    const optuna = createOptuna({ executor, environments, ids: randomIds, folder, commandEnvironment: {} });
    const asked = optuna.ask({ space: SPACE, goal: 'minimise', seed: 1, trials: [], count: 1, signal });
    await expect(asked).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('No matching distribution') as string,
      hint: expect.stringContaining('--method random') as string,
    });
  });
});
