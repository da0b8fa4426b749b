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
      return await runGit(root, args);
    } catch {
      return null;
    }
  };
  // Few questions: to start git takes longer than to answer.
  const [state, settings] = await Promise.all([
    ask('--no-optional-locks', 'status', '--porcelain=v2', '--branch', '--untracked-files=no'),
    ask('config', '-z', '--get-regexp', String.raw`^(remote\.origin\.url|user\.name)$`),
  ]);
  const { remote, name } = settingsOf(settings ?? '');
  const address = remote === undefined ? null : remoteOf(remote);
  return {
    by: (name || userName()).slice(0, 200),
    host: hostname().slice(0, 255),
    commandText: commandText.slice(0, 4_000),
    repository: { name: nameOf(address ?? root), remote: address },
    ...stateOf(state),
  };
}

/** Of `git status --porcelain=v2 --branch`: lines with `#` tell of the branch, all others of changes. */
function stateOf(text: string | null): Pick<ReportedPlace, 'commit' | 'branch' | 'isDirty'> {
  if (text === null) return { commit: null, branch: null, isDirty: null };
  const lines = text.split('\n').filter(Boolean);
  const told = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`# branch.${name} `))?.slice(`# branch.${name} `.length);
  const [commit, branch] = [told('oid'), told('head')];
  return {
    commit: commit === undefined || commit === '(initial)' ? null : commit,
    branch: branch === undefined || branch === '(detached)' ? null : branch.slice(0, 500),
    isDirty: lines.some((line) => !line.startsWith('#')),
  };
}

/** Each is `name LF value NUL`; of several values the last counts. */
function settingsOf(text: string): { readonly remote: string | undefined; readonly name: string | undefined } {
  const settings = new Map(
    text.split('\0').map((each): [string, string] => {
      const end = each.indexOf('\n');
      return [each.slice(0, end), each.slice(end + 1).trim()];
    }),
  );
  return { remote: settings.get('remote.origin.url'), name: settings.get('user.name') };
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
