import { resolve } from 'node:path';
import { invalid } from '#kernel/errors';
import { findGarbage, removeGarbage, rootOf, type CollectScope, type Garbage, type Repository } from '#repository';
import { bytesText } from './bytes-text.ts';
import { isAgreed } from './confirm.ts';
import { exitCodes } from './exit-codes.ts';
import type { ScopeOptions } from './gc.ts';
import { inRepositories } from './open-here.ts';
import type { CommandResult, Terminal } from './terminal.ts';

/** `capstan gc` of a repository's cache: shows what would go, asks, and removes it. */
export async function collectCache(terminal: Terminal, options: ScopeOptions): CommandResult {
  const named = [terminal.cwd, ...(options.projects ?? []).map((path) => resolve(terminal.cwd, path))];
  // One that is named twice would wait for itself.
  const folders = [...new Set(named.map((folder) => rootOf(folder) ?? folder))];
  return await inRepositories(terminal, folders, options, async ([repository, ...projects]) => {
    if (!repository) return undefined;
    const garbage = await findGarbage(repository, {
      scope: scopeOf(options),
      projects,
      isForced: options.force === true,
      skipsFailed: options.skipFailed === true,
    });
    const isDry = options.dry === true;
    if (!options.json) terminal.out(summary(repository, garbage, isDry));
    const isToGo = !isDry && garbage.objects.length > 0;
    if (isToGo && options.force !== true && !(await isAgreed(terminal, 'Remove them?'))) {
      terminal.err('capstan: nothing was removed\n  Say so with --force where nobody can be asked.');
      return exitCodes.failed;
    }
    if (isToGo) {
      removeGarbage(garbage, (done, of) =>
        terminal.show(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} removed`),
      );
    }
    if (options.json) {
      terminal.out(JSON.stringify({ schema: 'capstan/cache-collected.v1', isDry, ...garbage }));
    } else if (isToGo) terminal.out('Removed.');
    return undefined;
  });
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

function summary({ cache }: Repository, { objects, bytes, kept }: Garbage, isDry: boolean): string {
  const count = objects.length.toLocaleString('en');
  const heading =
    objects.length === 0
      ? `Nothing to remove: all ${kept.toLocaleString('en')} objects of ${cache.folder} are needed.`
      : `${count} of ${(kept + objects.length).toLocaleString('en')} objects of ${cache.folder} are not needed: ${bytesText(bytes)}.`;
  return isDry ? [heading, ...objects.map(({ file }) => `  ${file}`)].join('\n') : heading;
}
