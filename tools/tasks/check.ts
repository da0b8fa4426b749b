import { quietly, runPackage, say } from './shell.ts';

/** One step that passes or fails, and what it is called in the report. */
export interface Step {
  readonly name: string;
  run(): Promise<number>;
}

const tsc = (project: string): Promise<number> =>
  runPackage(import.meta.resolve('typescript/package.json'), 'bin/tsc', ['-p', project, '--noEmit']);

/** What a machine can say of the code without running it. */
export const staticChecks: readonly Step[] = [
  {
    name: 'format (oxfmt)',
    run: () => runPackage(import.meta.resolve('oxfmt/package.json'), 'bin/oxfmt', ['--check', '.']),
  },
  {
    name: 'lint (oxlint)',
    run: () =>
      runPackage(import.meta.resolve('oxlint/package.json'), 'bin/oxlint', ['--type-aware', '--disable-nested-config']),
  },
  { name: 'types (tsc)', run: () => tsc('tsconfig.json') },
  { name: 'types of the interface (tsc)', run: () => tsc('packages/ui/tsconfig.json') },
  {
    name: 'dead code (knip)',
    // Its manifest is not among its exports; its main file is in dist/.
    run: () => runPackage(import.meta.resolve('knip'), '../bin/knip.js', ['--no-progress']),
  },
];

/**
 * Runs every step, also after one has failed: those of a lane one after another, the lanes beside each other. What a step
 * prints comes when it has ended, in one piece. Returns the names of those that failed.
 */
export async function runSteps(...lanes: readonly (readonly Step[])[]): Promise<string[]> {
  const failed = await Promise.all(lanes.map(runLane));
  return failed.flat();
}

async function runLane(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = [];
  for (const step of steps) {
    say(`${step.name} ...`);
    const began = performance.now();
    const { result, printed } = await quietly(() => outcomeOf(step));
    const seconds = Math.round((performance.now() - began) / 1_000);
    process.stderr.write(printed);
    say(result === 0 ? `${step.name}: ${seconds} s` : `FAILED: ${step.name}`);
    if (result !== 0) failed.push(step.name);
  }
  return failed;
}

async function outcomeOf(step: Step): Promise<number> {
  try {
    return await step.run();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Format, lint, types and dead code. */
export async function check(): Promise<number> {
  const failed = await runSteps(staticChecks);
  say(failed.length === 0 ? `${staticChecks.length} checks passed` : `failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}
