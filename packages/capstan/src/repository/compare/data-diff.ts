import type { HashScheme } from '#protocols/dvc';
import { DomainError } from '#kernel/errors';
import { digestAt, isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { WORKSPACE, type RepositoryState } from '../revisions/state.ts';
import { readTracked, type Tracked } from '../revisions/tracked.ts';
import { hashContent } from '../tree/content.ts';
import { chooseOutputs, nothingTracked, targetOf, type ChosenOutput, type Target } from './targets.ts';
import { renamesAmong, type Change, type DataDiff } from './renames.ts';

export interface DataDiffOptions {
  /** Paths, `.dvc` files or stages of the caller; all data where there is none. */
  readonly targets?: readonly string[];
  onProgress?(done: { readonly files: number; readonly bytes: number }): void;
}

/**
 * How the tracked data of two states differs, folders opened into their files. What the checkout holds is hashed; of a
 * revision, its files tell. Compared with the checkout, data of `from` that the cache has lost is told, too.
 * @throws DomainError NOT_FOUND for a target that neither state has
 */
export async function diffData(
  repository: Repository,
  from: RepositoryState,
  to: RepositoryState,
  { targets = [], onProgress }: DataDiffOptions = {},
): Promise<DataDiff> {
  const asked = targets.map((written) => targetOf(repository, written));
  const [before, after] = [await readTracked(from, repository.rules), await readTracked(to, repository.rules)];
  const roots = rootsOf(before, after, asked);
  const changes: Change[] = [];
  for (const root of roots) {
    const sides = {
      before: await sideOf(repository, from, root, root.before, onProgress),
      after: await sideOf(repository, to, root, root.after, onProgress),
    };
    compareRoot(root, sides, changes);
    if (to.name === WORKSPACE) collectMissing(repository, root, sides.before, changes);
  }
  return renamesAmong(changes);
}

/** A path that one state or both track, whole or in part. */
interface Root {
  readonly path: string;
  /** Undefined where all of it counts. */
  readonly inside: readonly string[] | undefined;
  readonly before: ChosenOutput['output'] | undefined;
  readonly after: ChosenOutput['output'] | undefined;
}

function rootsOf(before: Tracked, after: Tracked, targets: readonly Target[]): Root[] {
  const [old, now] = [chosenOf(before, targets), chosenOf(after, targets)];
  const absent = targets.find(
    (target) => chooseOutputs(before, target).length === 0 && chooseOutputs(after, target).length === 0,
  );
  if (absent) throw nothingTracked(absent, `neither in ${before.state.name} nor in ${after.state.name}`);
  return [...new Set([...old.keys(), ...now.keys()])].map((path) => {
    const all = [...(old.get(path) ?? []), ...(now.get(path) ?? [])];
    const isWhole = all.some(({ inside }) => inside === undefined);
    // A target counts on both sides, whichever of them has it.
    const find = (tracked: Tracked) => tracked.outputs.find((output) => output.isCached && output.path === path);
    return {
      path,
      inside: isWhole ? undefined : all.map(({ inside }) => inside ?? ''),
      before: find(before),
      after: find(after),
    };
  });
}

function chosenOf(tracked: Tracked, targets: readonly Target[]): Map<string, ChosenOutput[]> {
  const chosen =
    targets.length === 0
      ? tracked.outputs.map((output) => ({ output }))
      : targets.flatMap((target) => chooseOutputs(tracked, target));
  return Map.groupBy(
    chosen.filter(({ output }) => output.isCached),
    ({ output }) => output.path,
  );
}

/** What lies at a path in one state. */
interface Side {
  /** Undefined where the state tracks it and nothing is recorded of it. */
  readonly id: ObjectId | undefined;
  /** Files of a folder with their MD5; undefined where its listing is lost. Empty for a file. */
  files(): ReadonlyMap<string, string> | undefined;
}

async function sideOf(
  repository: Repository,
  state: RepositoryState,
  { path, before, after }: Root,
  output: ChosenOutput['output'] | undefined,
  onProgress: DataDiffOptions['onProgress'],
): Promise<Side | undefined> {
  if (state.name !== WORKSPACE) {
    if (!output) return undefined;
    const id = output.md5 === undefined ? undefined : { md5: output.md5, scheme: output.scheme };
    return { id, files: () => listedFiles(repository, id) };
  }
  const scheme = (after ?? before)?.scheme ?? 'md5';
  const now = await hashContent(repository, path, { scheme, ...(onProgress && { onProgress }) });
  if (!now) return undefined;
  return {
    id: { md5: now.content.md5, scheme },
    files: () =>
      new Map(
        isFolderId(now.content) ? now.files.paths.map((file, index) => [file, digestAt(now.files.digests, index)]) : [],
      ),
  };
}

function listedFiles({ cache }: Repository, id: ObjectId | undefined): ReadonlyMap<string, string> | undefined {
  if (id === undefined || !isFolderId(id)) return new Map();
  try {
    return new Map(cache.readFolder(id).map(({ path, md5 }) => [path, md5]));
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

interface Sides {
  readonly before: Side | undefined;
  readonly after: Side | undefined;
}

function compareRoot(root: Root, { before, after }: Sides, changes: Change[]): void {
  const isSame = before?.id?.md5 === after?.id?.md5 && before?.id?.scheme === after?.id?.scheme;
  if (isSame && before && after) return;
  if (!before && !after) return;
  if (root.inside === undefined) {
    changes.push(changeOf(before && whole(root.path, before.id), after && whole(root.path, after.id)));
  }
  const [old, now] = [before ? before.files() : new Map(), after ? after.files() : new Map()];
  // Of a folder whose listing is lost nobody knows what it held.
  if (!old || !now) return;
  const [oldScheme, newScheme] = [before?.id?.scheme ?? 'md5', after?.id?.scheme ?? 'md5'];
  for (const file of new Set([...old.keys(), ...now.keys()])) {
    if (!isChosen(root, file)) continue;
    const [was, is] = [old.get(file), now.get(file)];
    if (was === is && oldScheme === newScheme) continue;
    changes.push(changeOf(within(root.path, file, was, oldScheme), within(root.path, file, is, newScheme)));
  }
}

function isChosen({ inside }: Root, file: string): boolean {
  return inside === undefined || inside.some((path) => file === path || file.startsWith(`${path}/`));
}

type Entry = NonNullable<Change['before']>;

function whole(path: string, id: ObjectId | undefined): Entry {
  return {
    path: id !== undefined && isFolderId(id) ? `${path}/` : path,
    md5: id?.md5 ?? null,
    scheme: id?.scheme ?? 'md5',
  };
}

function within(folder: string, file: string, md5: string | undefined, scheme: HashScheme): Entry | undefined {
  return md5 === undefined ? undefined : { path: `${folder}/${file}`, md5, scheme };
}

function changeOf(before: Entry | undefined, after: Entry | undefined): Change {
  if (before && after) return { kind: 'modified', before, after };
  return before ? { kind: 'deleted', before } : { kind: 'added', ...(after && { after }) };
}

/** What the old state records and the cache does not hold: it cannot be brought back from there. */
function collectMissing({ cache }: Repository, root: Root, side: Side | undefined, changes: Change[]): void {
  if (!side?.id) return;
  if (root.inside === undefined && !cache.has(side.id)) {
    changes.push({ kind: 'not in cache', before: whole(root.path, side.id) });
  }
  const { scheme } = side.id;
  const files = [...(side.files() ?? [])].filter(([file]) => isChosen(root, file));
  const digests = Buffer.from(files.map(([, md5]) => md5).join(''), 'hex');
  for (const index of cache.missing(digests, scheme)) {
    const [file, md5] = files[index] ?? ['', ''];
    changes.push({ kind: 'not in cache', before: { path: `${root.path}/${file}`, md5, scheme } });
  }
}
