import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './shell.ts';

const folder = join(root, 'bench');

/** Runs one benchmark, `bench/NAME.bench.ts`, with the rest of the arguments; without a name it lists them. */
export async function bench(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const file = join(folder, `${name}.bench.ts`);
  if (name !== undefined && existsSync(file))
    return await run(process.execPath, [file, ...rest], { output: 'inherit' });
  const names = readdirSync(folder).flatMap((entry) => /^(.+)\.bench\.ts$/.exec(entry)?.[1] ?? []);
  say(name === undefined ? 'name a benchmark' : `there is no benchmark ${name}`);
  say(`known: ${names.join(', ') || 'none'}. Usage: npm run bench -- NAME [arguments]`);
  return 2;
}
