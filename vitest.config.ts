import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['tests/setup/postgres.ts'],
          include: [
            'packages/*/src/**/*.test.ts',
            'tests/{lint,tools}/**/*.test.ts',
            'tests/differential/differences/**/*.test.ts',
          ],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          globalSetup: ['tests/setup/postgres.ts'],
          include: ['tests/{e2e,clients,crash,package}/**/*.test.ts', 'tests/differential/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
