// Programs in a repository of a test, as somebody whose settings are nobody else's.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface ProgramOutput {
  readonly code: number | null;
  /** Standard output alone. */
  readonly stdout: string;
  /** Standard output, then standard error. */
  readonly out: string;
}

/** What programs see that run in a repository: its parent is the home of who works there. */
export function environmentOf(root: string): Record<string, string> {
  const home = dirname(root);
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    DVC_NO_ANALYTICS: '1',
    // dvc's package for Google would ask Google itself what kind a bucket is of, whatever server is set.
    GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT: 'false',
    DVC_SITE_CACHE_DIR: join(home, 'site-cache'),
    GIT_AUTHOR_NAME: 'ada',
    GIT_AUTHOR_EMAIL: 'ada@localhost',
    GIT_COMMITTER_NAME: 'ada',
    GIT_COMMITTER_EMAIL: 'ada@localhost',
  };
}

/** @param folder below the root; without, the root itself */
export function runAsAda(root: string, command: string, args: readonly string[], folder = '.'): ProgramOutput {
  const options = { cwd: join(root, folder), encoding: 'utf8', env: environmentOf(root) } as const;
  const { status, stdout, stderr } = spawnSync(command, args, options);
  return { code: status, stdout, out: stdout + stderr };
}

/** The same for what has to go well. @throws what it printed */
export function doneAsAda(root: string, command: string, args: readonly string[]): ProgramOutput {
  const output = runAsAda(root, command, args);
  if (output.code === 0) return output;
  throw new Error(`${command} ${args.join(' ')} ended with ${output.code}:\n${output.out}`);
}
