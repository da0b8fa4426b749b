import { IGNORE_FILE, readDataFile, type IgnoreRules } from '#protocols/dvc';
import { DATA_SUFFIX, trackedBy, type FoundDataFile, type TrackedData } from '../data/data-files.ts';
import type { Repository } from '../open.ts';
import { checkoutState } from './checkout-state.ts';
import { readStateText, shownIn, type RepositoryState, type StateEntry } from './state.ts';

/** What the tree of a repository holds beside its code. */
export interface FoundFiles {
  /** Relative to the root, in the order of their folders. */
  readonly dataFiles: readonly FoundDataFile[];
  readonly pipelineFiles: readonly string[];
}

/** The same of the checkout. */
export async function filesHere({ root, rules }: Pick<Repository, 'root' | 'rules'>): Promise<FoundFiles> {
  return await findFiles(checkoutState(root), rules);
}

/** What the `.dvc` files of the checkout track. @throws DomainError as `findFiles` */
export async function trackedHere(repository: Pick<Repository, 'root' | 'rules'>): Promise<TrackedData[]> {
  return (await filesHere(repository)).dataFiles.flatMap(trackedBy);
}

interface Found {
  readonly dataFiles: FoundDataFile[];
  readonly pipelineFiles: string[];
  readonly tracked: Set<string>;
}

/**
 * Every `.dvc` and `dvc.yaml` of a repository in one of its states, but for what `.dvcignore` leaves out. What is tracked
 * is not looked into, nor are repositories inside.
 * @param rules those of no folder
 * @throws DomainError INVALID_ARGUMENT naming the place in a file that cannot be read, with the revision before it
 */
export async function findFiles(state: RepositoryState, rules: IgnoreRules): Promise<FoundFiles> {
  const found: Found = { dataFiles: [], pipelineFiles: [], tracked: new Set() };
  await walk(state, '', await state.list(''), rules, found);
  return found;
}

async function walk(
  state: RepositoryState,
  folder: string,
  entries: readonly StateEntry[],
  above: IgnoreRules,
  found: Found,
): Promise<void> {
  const within = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const text = entries.some(({ name }) => name === IGNORE_FILE)
    ? await readStateText(state, within(IGNORE_FILE))
    : undefined;
  const rules = above.inFolder(folder, text);
  const below: string[] = [];
  for (const { name, isFolder } of entries) {
    const path = within(name);
    const isWanted = isFolder || name === 'dvc.yaml' || (name.endsWith(DATA_SUFFIX) && name !== DATA_SUFFIX);
    if (!isWanted || rules.isIgnored(path, isFolder)) continue;
    if (isFolder) below.push(path);
    else if (name === 'dvc.yaml') found.pipelineFiles.push(path);
    else await takeDataFile(state, path, found);
  }
  for (const path of below.toSorted()) {
    if (found.tracked.has(path)) continue;
    const inside = await state.list(path);
    const isRepository = inside.some(({ name, isFolder }) => isFolder && name === '.dvc');
    if (!isRepository) await walk(state, path, inside, rules, found);
  }
}

async function takeDataFile(state: RepositoryState, file: string, found: Found): Promise<void> {
  const data = readDataFile((await readStateText(state, file)) ?? '', shownIn(state, file));
  found.dataFiles.push({ file, data });
  for (const { path } of trackedBy({ file, data })) found.tracked.add(path);
}
