import { resolve } from 'node:path';
import { invalid } from '#kernel/errors';
import {
  findEvictions,
  findGarbage,
  removeGarbage,
  rootOf,
  type CollectScope,
  type Garbage,
  type Repository,
} from '#repository';
import { isAgreed } from './confirm.ts';
import { exitCodes } from './exit-codes.ts';
import { inRepositories } from './open-here.ts';
import type { CommandResult, Terminal } from './terminal.ts';
import { bytesText } from './transfers.ts';

/** What is kept of a repository's cache, and how it is asked for. */
export interface ScopeOptions {
  readonly workspace?: boolean;
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly allExperiments?: boolean;
  readonly date?: string;
  readonly rev?: string;
  readonly num?: string;
  readonly projects?: readonly string[];
  readonly skipFailed?: boolean;
  readonly notInRemote?: boolean;
  readonly cloud?: boolean;
  readonly remote?: string;
  readonly maxSize?: string;
  readonly dry?: boolean;
  readonly force?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

/** As dvc has it, one of these must be named, so that nothing goes by an option that was forgotten. */
export function hasScope(options: ScopeOptions): boolean {
  const { workspace, allBranches, allTags, allCommits, allExperiments, date, rev } = options;
  return [workspace, allBranches, allTags, allCommits, allExperiments, date, rev].some(Boolean);
}

/** `capstan gc` of a repository's cache: shows what would go, asks, and removes it. */
export async function collectCache(terminal: Terminal, options: ScopeOptions): CommandResult {
  const named = [terminal.cwd, ...(options.projects ?? []).map((path) => resolve(terminal.cwd, path))];
  // One that is named twice would wait for itself.
  const folders = [...new Set(named.map((folder) => rootOf(folder) ?? folder))];
  return await inRepositories(terminal, folders, options, async ([repository, ...projects]) => {
    if (!repository) return undefined;
    const garbage = await garbageOf(repository, projects, options);
    const isDry = options.dry === true;
    if (!options.json) terminal.out(summary(repository, garbage, isDry));
    const onRemotes = garbage.onRemotes?.reduce((sum, { paths }) => sum + paths.length, 0) ?? 0;
    const isToGo = !isDry && garbage.objects.length + onRemotes > 0;
    if (isToGo && options.force !== true && !(await isAgreed(terminal, 'Remove them?'))) {
      terminal.err('capstan: nothing was removed\n  Say so with --force where nobody can be asked.');
      return exitCodes.failed;
    }
    if (isToGo) {
      await removeGarbage(repository, garbage, (done, of) =>
        terminal.show(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} removed`),
      );
    }
    if (options.json) {
      terminal.out(JSON.stringify({ schema: 'capstan/cache-collected.v1', isDry, ...garbage }));
    } else if (isToGo) terminal.out('Removed.');
    return undefined;
  });
}

async function garbageOf(
  repository: Repository,
  projects: readonly Repository[],
  options: ScopeOptions,
): Promise<Garbage & { readonly over?: number }> {
  const { remote, maxSize, cloud, notInRemote } = options;
  if (remote !== undefined && !cloud && !notInRemote && maxSize === undefined) {
    throw invalid('--remote goes with --cloud, --not-in-remote or --max-size', { field: '--remote' });
  }
  if (cloud && notInRemote) throw invalid('--cloud and --not-in-remote do not go together', { field: '--cloud' });
  if (maxSize !== undefined) {
    if (hasScope(options) || projects.length > 0) {
      throw invalid('--max-size is a scope of its own: it keeps what the checkout needs', { field: '--max-size' });
    }
    return await findEvictions(repository, { maxBytes: bytesOf(maxSize), remote });
  }
  return await findGarbage(repository, {
    scope: scopeOf(options),
    projects,
    isForced: options.force === true,
    skipsFailed: options.skipFailed === true,
    cloud: cloud === true,
    notInRemote: notInRemote === true,
    remote,
  });
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `10GB`, `1.5 TB`, `500000`: decimal, as disks are sold. */
function bytesOf(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (number !== '' && Number.isFinite(bytes)) return bytes;
  throw invalid(`'${text}' is no size`, { field: '--max-size', hint: 'Write it as 500MB or 1.5TB.' });
}

function scopeOf(options: ScopeOptions): CollectScope {
  const { allBranches, allTags, allCommits, allExperiments, date, rev, num } = options;
  const count = num === undefined ? undefined : Number(num);
  if (count !== undefined && (!Number.isInteger(count) || count === 0)) {
    throw invalid(`--num takes a whole number other than 0, not '${num}'`, { field: '--num' });
  }
  if (count !== undefined && rev === undefined && !allBranches) {
    throw invalid('--num goes with --rev or --all-branches', { field: '--num' });
  }
  return {
    allBranches: allBranches === true,
    allTags: allTags === true,
    allCommits: allCommits === true,
    allExperiments: allExperiments === true,
    ...(date !== undefined && { since: date }),
    ...(rev !== undefined && { revision: rev }),
    ...(count !== undefined && { count }),
  };
}

function summary(
  { cache }: Repository,
  { objects, bytes, kept, onRemotes = [], over = 0 }: Garbage & { readonly over?: number },
  isDry: boolean,
): string {
  const count = objects.length.toLocaleString('en');
  const heading =
    objects.length === 0
      ? `Nothing to remove: all ${kept.toLocaleString('en')} objects of ${cache.folder} are needed.`
      : `${count} of ${(kept + objects.length).toLocaleString('en')} objects of ${cache.folder} are not needed: ${bytesText(bytes)}.`;
  const remotes = onRemotes.map(
    ({ remote, paths }) =>
      `${paths.length.toLocaleString('en')} objects of ${remote === undefined ? 'the default remote' : `the remote ${remote}`} are not needed.`,
  );
  const rest =
    over > 0 ? [`${bytesText(over)} above the limit stay: the checkout needs them, or no remote holds them.`] : [];
  const names = isDry
    ? [...objects.map(({ file }) => `  ${file}`), ...onRemotes.flatMap(({ paths }) => paths.map((path) => `  ${path}`))]
    : [];
  return [heading, ...remotes, ...rest, ...names].join('\n');
}
