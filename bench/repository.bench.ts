// All that Capstan does with data and pipelines beside the real tools that do it, by one command: the real dvc, Great
// Expectations, Dagster, Prefect and Ray's own jobs. Each part can be run by its name too.
// npm run bench -- repository [--sources] [--rounds N] [--quick], after npm run build; --quick leaves a million files out.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sources: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
  },
});
const program = values.sources ? ['--sources'] : [];
const rounds = ['--rounds', values.rounds];

const parts: readonly (readonly [name: string, ...args: string[]])[] = [
  ['data', ...program, ...rounds],
  ['pipelines', ...program, ...rounds],
  ['revisions'],
  ['expectations', ...rounds],
  ['orchestrators', ...program],
  ['ray'],
  ...(values.quick ? [] : [['million', ...program] as const]),
];

const failed = parts.filter(([name, ...args]) => {
  console.log(`\n${name}`);
  const file = fileURLToPath(new URL(`${name}.bench.ts`, import.meta.url));
  return spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`did not end well: ${failed.map(([name]) => name).join(', ')}`);
  process.exitCode = 1;
}
