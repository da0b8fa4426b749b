import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Of two cores vitest would use one.
const maxWorkers = Math.max(2, availableParallelism() - 1);
const system = { testTimeout: 300_000, hookTimeout: 300_000 };
const globalSetup = ['tests/setup/postgres.ts'];
const folders = ['tests/{e2e,clients,crash,package}/**/*.test.ts', 'tests/differential/*.test.ts'];
/** Each with servers and folders of its own, side by side; clusters and browsers go one by one. */
const clients = ['tests/clients/!(ray-executor|slurm-executor).test.ts'];

export default defineConfig({
  test: {
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
      { test: { ...system, name: 'clients', globalSetup, include: clients, maxWorkers, sequence: { groupOrder: 2 } } },
      {
        test: {
          ...system,
          name: 'system',
          globalSetup,
          include: folders,
          exclude: clients,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
