// Which objects a remote holds: asked one by one, or read from its lists, whichever takes fewer calls.
import type { Listing, ObjectRemote } from '#ports/object-remote';
import { objectPath } from '#protocols/dvc';
import type { ObjectId } from '../model.ts';
import { eachAtOnce, withRetries } from './at-once.ts';

/** Fewer are asked for one by one at once. */
const FEW = 8;
/** Digests begin with one of these many folder names. */
const FOLDERS = 256;
const NAME_CHARS = 2;

export interface PresenceOptions {
  readonly jobs: number;
  readonly signal?: AbortSignal | undefined;
  onProgress?(done: { readonly asked: number; readonly of: number }): void;
}

/**
 * Which of the objects the remote holds.
 * @param ids each once
 */
export async function presentObjects(
  remote: ObjectRemote,
  ids: readonly ObjectId[],
  options: PresenceOptions,
): Promise<ReadonlySet<ObjectId>> {
  const present = new Set<ObjectId>();
  const byFolder = Map.groupBy(ids, (id) => folderOf(id));
  let asked = 0;
  const took = (count: number): void => options.onProgress?.({ asked: (asked += count), of: ids.length });

  const ask = async (some: readonly ObjectId[]): Promise<void> => {
    await eachAtOnce(some, options, async (id, signal) => {
      const path = objectPath(id.md5, id.scheme);
      if (await withRetries(signal, () => remote.has(path, { signal }))) present.add(id);
      took(1);
    });
  };
  const look = (names: ReadonlySet<string>, wanted: readonly ObjectId[]): void => {
    for (const id of wanted) if (names.has(objectPath(id.md5, id.scheme))) present.add(id);
    took(wanted.length);
  };

  const { listing } = remote;
  if (listing.by === 'none' || ids.length <= FEW) {
    await ask(ids);
    return present;
  }
  const sample = await sampleOf(remote, listing, byFolder, options);
  if (sample.isWhole) {
    look(sample.names, ids);
    return present;
  }
  const folders = [...byFolder].filter(([folder]) => folder !== sample.folder);
  if (sample.folder !== undefined) look(sample.names, byFolder.get(sample.folder) ?? []);
  const left = folders.flatMap(([, wanted]) => wanted);
  if (!listingPays(listing, { wanted: left.length, folders: folders.length, perFolder: sample.perFolder })) {
    await ask(left);
    return present;
  }
  await eachAtOnce(folders, options, async ([folder, wanted], signal) => {
    look(await withRetries(signal, () => namesIn(remote, folder, signal)), wanted);
  });
  return present;
}

/** Lists cost a call for each folder and for each so many entries; asking costs a call an object. */
export function listingPays(
  listing: Listing,
  { wanted, folders, perFolder }: { readonly wanted: number; readonly folders: number; readonly perFolder: number },
): boolean {
  if (listing.by === 'none') return false;
  return folders * Math.max(1, perFolder / listing.entries) <= wanted;
}

interface Sample {
  /** Objects of this folder are all known now. */
  readonly folder?: string;
  readonly names: ReadonlySet<string>;
  /** All that the remote holds is known. */
  readonly isWhole: boolean;
  /** Entries that a folder holds, about. */
  readonly perFolder: number;
}

/** One call that tells how much there is. */
async function sampleOf(
  remote: ObjectRemote,
  listing: Exclude<Listing, { by: 'none' }>,
  byFolder: ReadonlyMap<string, readonly ObjectId[]>,
  { signal = new AbortController().signal }: PresenceOptions,
): Promise<Sample> {
  const [folder = ''] = byFolder.keys();
  if (listing.by === 'folders') {
    const names = await withRetries(signal, () => namesIn(remote, folder, signal));
    return { folder, names, isWhole: false, perFolder: names.size };
  }
  const root = folder.slice(0, -NAME_CHARS - 1);
  // Beside the objects that DVC 2 wrote lies everything else.
  const isAlone = root !== '' && [...byFolder.keys()].every((each) => each.startsWith(`${root}/`));
  return await withRetries(signal, () => firstPage(remote, isAlone ? root : folder, isAlone, signal));
}

async function firstPage(remote: ObjectRemote, folder: string, isRoot: boolean, signal: AbortSignal): Promise<Sample> {
  const names = new Set<string>();
  let pages = 0;
  for await (const page of remote.list(folder, { signal })) {
    // Sorted, and as good as random: how far the first page has come tells how many pages there are.
    if (pages++ > 0) return { names, isWhole: false, perFolder: names.size / (isRoot ? shareOf(names, folder) : 1) };
    for (const path of page) names.add(path);
  }
  return isRoot
    ? { names, isWhole: true, perFolder: names.size / FOLDERS }
    : { folder, names, isWhole: false, perFolder: names.size };
}

/** How many folders the names go through, with the part of the last one; at least a little. */
function shareOf(names: ReadonlySet<string>, root: string): number {
  const last = [...names].at(-1)?.slice(root.length + 1) ?? '';
  const digits = Number.parseInt(last.replace('/', '').slice(0, NAME_CHARS + 2), 16);
  return Math.max(1 / FOLDERS, Number.isNaN(digits) ? FOLDERS : digits / FOLDERS);
}

async function namesIn(remote: ObjectRemote, folder: string, signal: AbortSignal): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const page of remote.list(folder, { signal })) for (const path of page) names.add(path);
  return names;
}

function folderOf(id: ObjectId): string {
  const path = objectPath(id.md5, id.scheme);
  return path.slice(0, path.lastIndexOf('/'));
}
