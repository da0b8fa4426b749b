import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, buildInterface } from './build.ts';
import { runSteps, staticChecks, type Step } from './check.ts';
import { ensureChromium } from './ensure-chromium.ts';
import { ensurePostgres } from './ensure-postgres.ts';
import {
  ensureClientPython,
  ensureDvc,
  ensureKserve,
  ensureNextClientPython,
  ensurePythonVenv,
  ensureRay,
} from './ensure-python.ts';
import { ensureAzurite, ensureFakeGcsServer, ensureVersitygw } from './ensure-servers.ts';
import { findOnPath } from './ensure-system.ts';
import { root, runPackage, runtimeFolder, say } from './shell.ts';
import { countTests, type TestCount } from './test-count.ts';

/** Starts what `build` has made. */
const builtProgram = join(root, 'tests', 'support', 'built.mjs');

/**
 * Checks the code, brings what tests need, runs them, and ends with the line `N passed, N failed` on stdout, in which
 * each check and each preparation counts as one. Arguments go to vitest.
 */
export async function test(args: readonly string[]): Promise<number> {
  const env: Record<string, string> = {};
  // Beside each other, since one mostly computes, and the others mostly wait for what they download.
  const lanes = [staticChecks, ...preparations(args, env)];
  const failed = await runSteps(...lanes);
  const tests = await runVitest(args, env);
  const passed = lanes.flat().length - failed.length + tests.passed;
  const failures = failed.length + tests.failed;
  if (failed.length > 0) say(`failed before the tests: ${failed.join(', ')}`);
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  return failures === 0 ? 0 : 1;
}

/**
 * What the chosen projects need, in lanes that know nothing of each other; `env` hears where it is. Only the system tests
 * need a browser and Python clients.
 */
function preparations(args: readonly string[], env: Record<string, string>): Step[][] {
  const isUnitOnly = /(?:^|\s)--project[= ]unit(?:\s|$)/.test(args.join(' '));
  const step = (name: string, work: () => Promise<unknown>): Step => ({ name, run: async () => (await work(), 0) });
  const postgres = step('PostgreSQL', ensurePostgres);
  if (isUnitOnly) return [[postgres, { name: 'build of the interface', run: buildInterface }]];
  return [
    // Debian's packages are installed by one at a time.
    [
      postgres,
      step('Chromium', async () => (env['TEST_CHROMIUM'] = await ensureChromium())),
      step('venv', ensurePythonVenv),
      step('Python clients', async () => {
        const python = await ensureClientPython();
        if (python === null) return;
        env['TEST_PYTHON'] = python;
        await ensureNextClientPython(python);
      }),
      step('dvc', async () => (env['TEST_DVC'] = await ensureDvc())),
      step('KServe', async () => (env['TEST_KSERVE'] = await ensureKserve())),
      step('Ray', async () => (env['TEST_RAY'] = await ensureRay())),
    ],
    [
      // Without Go there are no such servers, and the tests that need one say so.
      step('versitygw and fake-gcs-server', async () => {
        if (findOnPath('go') === null) return;
        env['TEST_VERSITYGW'] = await ensureVersitygw();
        env['TEST_FAKE_GCS_SERVER'] = await ensureFakeGcsServer();
      }),
      step('Azurite', async () => (env['TEST_AZURITE_BLOB'] = await ensureAzurite())),
      {
        name: 'build of the program',
        async run() {
          env['TEST_CAPSTAN'] = builtProgram;
          return await build();
        },
      },
    ],
  ];
}

async function runVitest(args: readonly string[], env: Readonly<Record<string, string>>): Promise<TestCount> {
  const report = join(runtimeFolder, 'test-report.json');
  mkdirSync(runtimeFolder, { recursive: true });
  rmSync(report, { force: true });
  say('tests ...');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await runPackage(
    import.meta.resolve('vitest/package.json'),
    'vitest.mjs',
    ['run', ...reporters, ...args],
    { env },
  );
  return countTests(readReport(report), code);
}

function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
