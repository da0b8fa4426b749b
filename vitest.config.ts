import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/setup/longest-first.ts';

// Of two cores vitest would use one.
const maxWorkers = Math.max(2, availableParallelism() - 1);
const globalSetup = ['tests/setup/postgres.ts'];
const system = { testTimeout: 300_000, hookTimeout: 300_000 };
const folders = ['tests/{e2e,clients,crash,package}/**/*.test.ts', 'tests/differential/*.test.ts'];
/** A cluster and crowds, which take every core for themselves, and one that builds what the others run. */
const alone = ['tests/clients/ray-executor.test.ts', 'tests/crash/tracking/*.test.ts', 'tests/package/*.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: [...globalSetup, 'tests/setup/migrated.ts'],
          include: [
            'packages/*/src/**/*.test.ts',
            'tests/{lint,tools}/**/*.test.ts',
            'tests/differential/differences/**/*.test.ts',
          ],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers,
          sequence: { groupOrder: 3 },
        },
      },
      // Each with servers and folders of its own, side by side.
      {
        test: {
          ...system,
          name: 'system',
          globalSetup: [...globalSetup, 'tests/setup/environments.ts'],
          include: folders,
          exclude: alone,
          maxWorkers,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...system,
          name: 'alone',
          globalSetup,
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
