import { homedir } from 'node:os';
import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import {
  openRepository,
  openRevisions,
  withRepositoryLock,
  WORKSPACE,
  type LockOptions,
  type Repository,
  type RepositoryState,
} from '#repository';
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
  options: { readonly wait?: string },
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  return await inRepositories(terminal, [terminal.cwd], options, async ([repository]) => {
    if (!repository) throw new Error('no repository was opened');
    return await work(repository);
  });
}

/** The same in several at once, those around the folders; each is opened and locked one time, in this order. */
export async function inRepositories<Result>(
  terminal: Terminal,
  folders: readonly string[],
  options: { readonly wait?: string },
  work: (repositories: readonly Repository[]) => Promise<Result>,
): Promise<Result> {
  const lock = lockOptions(terminal, options);
  const opened: Repository[] = [];
  const lockNext = async (): Promise<Result> => {
    const folder = folders[opened.length];
    if (folder === undefined) return await work(opened);
    return await withRepository({ ...terminal, cwd: folder }, async (repository) => {
      opened.push(repository);
      return await withRepositoryLock(repository, lock, lockNext);
    });
  };
  return await lockNext();
}

/** Works in the repository around the working directory, and closes it; who works in it meanwhile is the work's affair. */
export async function withRepository<Result>(
  terminal: Terminal,
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const repository = openHere(terminal);
  try {
    return await work(repository);
  } finally {
    terminal.show('');
    await repository.close();
  }
}

/** The repository around the working directory, for whoever closes it. */
export function openHere(terminal: Pick<Terminal, 'cwd' | 'env'>): Repository {
  return openRepository({
    cwd: terminal.cwd,
    configFolders: configFolders(terminal.env),
    openRemote: remoteOpener(terminal.env),
    now: () => Date.now(),
  });
}

/**
 * The same for what compares two states: revisions, or the checkout. Before the first commit it is the checkout with
 * itself, where no revision is named.
 */
export async function inRevisions<Result>(
  terminal: Terminal,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
  work: (repository: Repository, states: readonly [RepositoryState, RepositoryState]) => Promise<Result>,
): Promise<Result> {
  return await withRepository(terminal, async (repository) => {
    const revisions = openRevisions(repository);
    try {
      const isEmpty = from === undefined && (await revisions.head()) === undefined;
      const before = await revisions.at(isEmpty ? WORKSPACE : (from ?? 'HEAD'));
      return await work(repository, [before, isEmpty ? before : await revisions.at(to ?? WORKSPACE)]);
    } finally {
      await revisions.close();
    }
  });
}

/** How long to wait for other commands. @throws DomainError INVALID_ARGUMENT for a time that is none */
export function lockOptions(
  terminal: Terminal,
  { wait = String(DEFAULT_WAIT_S) }: { readonly wait?: string },
): LockOptions {
  const waitMs = Number(wait) * 1_000;
  if (wait.trim() === '' || !(waitMs >= 0)) {
    throw invalid(`--wait takes seconds, from 0 on, not '${wait}'`, { field: '--wait' });
  }
  return { waitMs, onWait: (holder) => terminal.err(`capstan: waiting for another command (${holder}) ...`) };
}

/** Where dvc looks for settings of the machine and of the person. */
function configFolders(env: Terminal['env']): { system: string; global: string } {
  return {
    system: env['DVC_SYSTEM_CONFIG_DIR'] ?? join(env['XDG_CONFIG_DIRS']?.split(':')[0] ?? '/etc/xdg', 'dvc'),
    global: env['DVC_GLOBAL_CONFIG_DIR'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'dvc'),
  };
}
