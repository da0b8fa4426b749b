import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { pathsMeet } from '../paths.ts';
import type { StageNode } from './model.ts';
import { createTraceReader } from './trace-text.ts';

const STRACE = ['strace', '-f', '-qq', '-y', '-e', 'trace=open,openat,openat2,creat', '-e', 'signal=none', '-o'];

/** Words to put before a command, so that what it opens is written to a file. */
export function tracedBy(file: string): readonly string[] {
  return [...STRACE, file, '--'];
}

/** Why commands cannot be traced here; undefined where they can. */
export function traceRefusal(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', [...STRACE.slice(1), '/dev/null', '--', 'true'], {
    encoding: 'utf8',
  });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace may not look at other processes here: ${stderr.trim().split('\n')[0]}`;
}

/** Folders with files that no pipeline declares: code of others, and what tools keep. */
const KEPT_BY_TOOLS = /(^|\/)(\.git|\.dvc|__pycache__|node_modules|site-packages)(\/|$)/;
const FILES_OF_PIPELINES = /(^|\/)(dvc\.yaml|dvc\.lock|\.dvcignore|\.gitignore)$|\.dvc$/;

/**
 * Files of the repository that a command read and its stage does not declare, from what a trace says of it; the trace goes.
 * @returns relative to the root, in the order of their paths
 */
export async function undeclaredInputs(root: string, node: StageNode, trace: string): Promise<string[]> {
  if (!existsSync(trace)) return [];
  const whole = realpathSync(root);
  const declared = [...node.reads, ...node.writes].flatMap((path) => [path, ...realPlace(whole, path)]);
  const read = new Set<string>();
  const own = new Set<string>();
  const reader = createTraceReader();
  for await (const line of createInterface({ input: createReadStream(trace, 'latin1'), crlfDelay: Infinity })) {
    const opened = reader.read(line);
    if (!opened?.path.startsWith(`${whole}/`)) continue;
    const path = relative(whole, opened.path);
    if (opened.isWritten) own.add(path);
    else if (!own.has(path)) read.add(path);
  }
  rmSync(trace, { force: true });
  return [...read]
    .filter((path) => !KEPT_BY_TOOLS.test(path) && !FILES_OF_PIPELINES.test(path))
    .filter((path) => !declared.some((each) => pathsMeet(each, path)) && !isInEnvironment(whole, path))
    .toSorted();
}

/** Where a declared link leads to. */
function realPlace(root: string, path: string): string[] {
  const whole = join(root, path);
  return existsSync(whole) ? [relative(root, realpathSync(whole))] : [];
}

/** Of a Python environment inside the repository. */
function isInEnvironment(root: string, path: string): boolean {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (existsSync(join(root, folder, 'pyvenv.cfg'))) return true;
  }
  return false;
}
