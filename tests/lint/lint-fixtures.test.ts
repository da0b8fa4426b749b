import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, runOxlint } from './run-oxlint.ts';

const fixtures = join(root, 'tests', 'lint-fixtures');
const source = 'packages/capstan/src';

/** Every planted violation: file, rule, and the label of our own message. A file that is not named here is clean. */
const planted = [
  'packages/api/src/to-client.ts no-restricted-imports package-direction',
  'packages/api/src/to-disk.ts no-restricted-imports package-direction',
  'packages/client/src/to-library.ts no-restricted-imports package-direction',
  'packages/ui/src/to-product.ts no-restricted-imports package-direction',
  'packages/ui/src/to-server-library.ts no-restricted-imports package-direction',
  'tools/to-interface.ts no-restricted-imports nobody-imports-ui',
  ...[
    'http/to-interface.ts no-restricted-imports nobody-imports-ui',

    'kernel/reads-clock.ts no-restricted-properties purity',
    'kernel/throws-dice.ts no-restricted-properties purity',
    'kernel/reads-disk.ts no-restricted-imports purity',
    'kernel/looks-up.ts no-restricted-imports layer-order',
    'ports/to-storage.ts no-restricted-imports layer-order',

    'app.ts no-restricted-imports module-face',
    'cli/to-folder.ts no-restricted-imports module-escape',
    'cli/to-module.ts no-restricted-imports layer-order',
    'model/gates/first-half.ts no-cycle',
    'model/gates/second-half.ts no-cycle',
    'model/registry/nested/to-sibling.ts no-restricted-imports module-escape',
    'model/registry/to-inside.ts no-restricted-imports module-face',
    'model/registry/to-later-module.ts no-restricted-imports layer-order',
    'model/registry/to-ledger.ts no-restricted-imports layer-order',
    'model/registry/to-system.ts no-restricted-imports layer-order',
    'data/datasets/inside.test.ts no-restricted-imports module-escape',
    'model/registry/to-sibling.ts no-restricted-imports module-escape',
    'version.ts no-restricted-imports layer-order',

    'model/gates/model.ts no-restricted-globals purity',
    'model/gates/model.ts no-restricted-imports layer-order',
    'model/registry/alias.store.ts no-restricted-imports vendor-home',
    'model/registry/model.ts no-restricted-imports purity',
    'model/registry/service.ts no-restricted-imports vendor-home',

    'database/to-module.ts no-restricted-imports layer-order',
    'jobs/to-later.ts no-restricted-imports layer-order',
    'operations/serving/to-storage.ts no-restricted-imports layer-order',
    'protocols/mlflow/to-neighbour.ts no-restricted-imports layer-order',
    'protocols/mlflow/to-storage.ts no-restricted-imports layer-order',

    'adapters/blob-fs/to-foreign-vendor.ts no-restricted-imports vendor-home',
    'adapters/blob-fs/to-module.ts no-restricted-imports layer-order',
    'model/registry/imports-process.ts no-restricted-imports environment',
    'model/registry/loads-vendor.ts no-restricted-imports vendor-home',
    'model/registry/makes-logger.ts no-restricted-imports vendor-home',
    'model/registry/reads-environment.ts no-process-env',
    'model/registry/to-adapter.ts no-restricted-imports layer-order',
    'model/registry/to-repository.ts no-restricted-imports layer-order',
    'repository/to-database.ts no-restricted-imports layer-order',
    'model/registry/uses-test-database.ts no-restricted-imports tests-only',
    'model/registry/uses-test-library.ts no-restricted-imports tests-only',

    'model/experiments/BadName.ts filename-case',
    'model/experiments/compares-loosely.ts eqeqeq',
    'model/experiments/exports-default.ts no-default-export',
    'model/experiments/forgets-promise.ts no-floating-promises',
    'model/experiments/gives-up-types.ts no-explicit-any',
    'model/experiments/misses-case.ts switch-exhaustiveness-check',
    'model/experiments/misuses-promise.ts no-misused-promises',
    'model/experiments/prints.ts no-console',
    'model/experiments/silences-compiler.ts ban-ts-comment',
    'model/experiments/throws-text.ts only-throw-error',
    'model/experiments/too-long.ts max-lines',
  ].map((finding) => `${source}/${finding}`),
];

/** Pure files with `new Date()`, which no rule of oxlint tells from `new Date(ms)`. */
function asksForToday(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(sep, '/'))
    .filter((file) => /^kernel\/.*\.ts$|\/model\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .filter((file) => /\bDate\(\s*\)/.test(readFileSync(join(folder, file), 'utf8')));
}

describe('the linter bites', () => {
  test('it finds each planted violation, and nothing in the clean files beside them', () => {
    const report = runOxlint(fixtures, '--type-aware');
    expect(report.findings).toEqual(planted.toSorted());
    expect(report.findings).toHaveLength(57);
    expect(report.fileCount).toBeGreaterThan(planted.length);
  });

  test('the compiler too refuses a file of a module that is not its face', () => {
    const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
    const tsc = join(dirname(packageFile), 'bin', 'tsc');
    const { stdout } = spawnSync(
      process.execPath,
      [tsc, '-p', 'tsconfig.faces.json', '--noEmit', '--pretty', 'false'],
      {
        cwd: fixtures,
        encoding: 'utf8',
      },
    );
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/registry\/to-inside\.ts\(1,\d+\): error TS2307: .*#model\/experiments\/service/),
    ]);
  });

  test('the search for pure code that asks what day it is finds the planted one', () => {
    expect(asksForToday(join(fixtures, source))).toEqual(['kernel/knows-today.ts']);
  });

  test('the planted files resolve imports as the product does', () => {
    const importsOf = (folder: string): unknown =>
      (JSON.parse(readFileSync(join(folder, 'packages/capstan/package.json'), 'utf8')) as { imports: unknown }).imports;
    expect(importsOf(fixtures)).toEqual(importsOf(root));
  });
});

describe('the real tree', () => {
  // With the rules that need types it is the check before the tests, and takes half a minute.
  // Without them 19 s alone on two cores, and twice that beside other tests.
  test('it has no violation, and the linter did see it', { timeout: 90_000 }, () => {
    const report = runOxlint(root);
    expect(report.findings).toEqual([]);
    const files = readdirSync(join(root, source), { recursive: true, encoding: 'utf8' });
    expect(report.fileCount).toBeGreaterThan(files.filter((file) => file.endsWith('.ts')).length);
  });

  test('pure code does not ask what day it is', () => {
    expect(asksForToday(join(root, source))).toEqual([]);
  });
});
