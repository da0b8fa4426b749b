import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { ReportedPlace } from '@capstan/api';
import { readValuesText } from '#protocols/dvc';
import type { Repository } from '../open.ts';
import { runGit } from '../revisions/git-program.ts';
import { projectName, remoteOf } from './model.ts';

/** Where a run is made: who, which machine, which commit. What Git does not tell is null; never rejects. */
export async function placeOf(
  { root, isInGit }: Pick<Repository, 'root' | 'isInGit'>,
  commandText: string,
): Promise<ReportedPlace> {
  const ask = async (...args: readonly string[]): Promise<string | null> => {
    if (!isInGit) return null;
    try {
      return (await runGit(root, args)).trim();
    } catch {
      return null;
    }
  };
  const [commit, branch, changes, remote, name] = await Promise.all([
    ask('rev-parse', '--verify', '-q', 'HEAD'),
    ask('symbolic-ref', '--short', '-q', 'HEAD'),
    ask('--no-optional-locks', 'status', '--porcelain', '--untracked-files=no'),
    ask('config', '--get', 'remote.origin.url'),
    ask('config', '--get', 'user.name'),
  ]);
  const address = remote === null ? null : remoteOf(remote);
  return {
    by: (name || userName()).slice(0, 200),
    host: hostname().slice(0, 255),
    commandText: commandText.slice(0, 4_000),
    repository: { name: nameOf(address ?? root), remote: address },
    commit,
    branch: branch === null ? null : branch.slice(0, 500),
    isDirty: changes === null ? null : changes !== '',
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as containers have.
    return 'unknown';
  }
}

function nameOf(address: string): string {
  return (
    basename(address.replace(/[/:]+$/, '').replace(/^.*:(?!\/\/)/, '')).replace(/\.git$/, '') || 'checkout'
  ).slice(0, 200);
}

/** The project of the checkout's capstan.yaml; undefined where there is none, or it names none. */
export function declaredProject(root: string): string | undefined {
  const file = join(root, 'capstan.yaml');
  if (!existsSync(file)) return undefined;
  try {
    const declared = readValuesText(readFileSync(file, 'utf8'), file, '.yaml');
    const project = declared instanceof Map ? (declared as ReadonlyMap<unknown, unknown>).get('project') : undefined;
    return typeof project === 'string' && projectName(project) === project ? project : undefined;
  } catch {
    // capstan apply says what is wrong with it; a run is none of its business.
    return undefined;
  }
}
