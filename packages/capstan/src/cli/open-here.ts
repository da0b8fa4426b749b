import { homedir } from 'node:os';
import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import { openRepository, withRepositoryLock, type Repository } from '#repository';
import { remoteOpener } from '../remotes.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_WAIT_S = 60;

export const WAIT_OPTION = [
  '--wait <seconds>',
  'how long to wait for another command that works in this repository',
  String(DEFAULT_WAIT_S),
] as const;

/** Works in the repository around the working directory, while nobody else does, and closes it. */
export async function inRepository<Result>(
  terminal: Terminal,
  { wait = String(DEFAULT_WAIT_S) }: { readonly wait?: string },
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const waitMs = Number(wait) * 1_000;
  if (wait.trim() === '' || !(waitMs >= 0)) {
    throw invalid(`--wait takes seconds, from 0 on, not '${wait}'`, { field: '--wait' });
  }
  const repository = openRepository({
    cwd: terminal.cwd,
    configFolders: configFolders(terminal.env),
    openRemote: remoteOpener(terminal.env),
    now: () => Date.now(),
  });
  const onWait = (holder: string): void => terminal.err(`capstan: waiting for another command (${holder}) ...`);
  try {
    return await withRepositoryLock(repository, { waitMs, onWait }, () => work(repository));
  } finally {
    terminal.show('');
    await repository.close();
  }
}

/** Where dvc looks for settings of the machine and of the person. */
function configFolders(env: Terminal['env']): { system: string; global: string } {
  return {
    system: env['DVC_SYSTEM_CONFIG_DIR'] ?? join(env['XDG_CONFIG_DIRS']?.split(':')[0] ?? '/etc/xdg', 'dvc'),
    global: env['DVC_GLOBAL_CONFIG_DIR'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'dvc'),
  };
}
