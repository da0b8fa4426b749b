import { join } from 'node:path';
import { buildInterface } from './build.ts';
import { ensurePythonVenv } from './ensure-python.ts';
import { root, run } from './shell.ts';

const program = join(root, 'packages', 'capstan', 'bin', 'capstan.mjs');

/** `capstan up`, from the sources, with the interface built. */
export async function start(args: readonly string[]): Promise<number> {
  return await runProgram(['up', ...args]);
}

/** `capstan demo`: its project's environment is made by the program itself, which needs a Python that can. */
export async function demo(args: readonly string[]): Promise<number> {
  await ensurePythonVenv();
  return await runProgram(['demo', ...args]);
}

async function runProgram(args: readonly string[]): Promise<number> {
  const code = await buildInterface();
  if (code !== 0) return code;
  return await run(process.execPath, [program, ...args], { output: 'inherit' });
}
