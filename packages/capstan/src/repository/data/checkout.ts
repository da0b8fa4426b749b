import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { conflict, DomainError } from '#kernel/errors';
import { damaged } from '../cache/object-cache.ts';
import type { PlacedFacts } from '../cache/place-task.ts';
import { damagedObjects } from '../cache/verify.ts';
import { digestAt, digestsAt, isFolderId, type FileList, type Hashed, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { folderOf } from '../paths.ts';
import { hashContent } from '../tree/content.ts';
import { rememberPlaced } from '../tree/remember-placed.ts';
import { ignoreInGit } from './git.ts';
import { chosenUse, isCachedData, usedData, type CachedData } from './used-data.ts';

export interface CheckedOut {
  /** Relative to the root. */
  readonly path: string;
  readonly change: 'added' | 'modified' | 'unchanged';
  readonly files: { readonly written: number; readonly removed: number };
}

export interface CheckoutOptions {
  /** Overwrites data that the cache does not hold. */
  readonly isForced?: boolean;
  onProgress?(done: { readonly files: number; readonly of: number }): void;
}

/**
 * Makes tracked data in the checkout what its `.dvc` files and dvc.lock say. Objects are read before they are trusted.
 * @param given targets as `chosenUse` takes them; all data where there is none
 * @throws DomainError NOT_FOUND for objects that the cache lacks, DATA_LOSS for a damaged one, CONFLICT for data that would
 *   be lost; nothing of that path has been changed then
 */
export async function checkoutData(
  repository: Repository,
  given: readonly string[],
  options: CheckoutOptions = {},
): Promise<CheckedOut[]> {
  const chosen = chosenUse(repository, await usedData(repository), given);
  return await checkoutUsed(repository, chosen.filter(isCachedData), options);
}

/** The same for data that is known already. */
export async function checkoutUsed(
  repository: Repository,
  chosen: readonly CachedData[],
  options: CheckoutOptions = {},
): Promise<CheckedOut[]> {
  const done: CheckedOut[] = [];
  for (const data of chosen) done.push(await checkoutOne(repository, data, data.id, options));
  return done;
}

/** What is to lie at a path of the checkout. */
export interface Wanted {
  readonly path: string;
  readonly isExecutable: boolean;
}

/** Makes one path of the checkout what an object says. @throws DomainError as `checkoutData` */
export async function checkoutOne(
  repository: Repository,
  { path, isExecutable }: Wanted,
  id: ObjectId,
  options: CheckoutOptions,
): Promise<CheckedOut> {
  const now = await hashContent(repository, path, { scheme: id.scheme });
  const isSame =
    now?.content.md5 === id.md5 && (isFolderId(id) || (now.content.isExecutable === true) === isExecutable);
  if (isSame) return { path, change: 'unchanged', files: { written: 0, removed: 0 } };
  const wanted = wantedFiles(repository, id);
  const plan = planOf(now, wanted);
  await refuseUnfitObjects(repository, path, wanted, plan.write, id);
  if (options.isForced !== true) refuseLoss(repository, path, now, plan, id);
  const wasFolder = now !== undefined && isFolderId(now.content);
  const placed = await apply(repository, path, wanted, plan, { id, isExecutable, wasFolder, options });
  rememberPlaced(repository, path, id, { wanted, kept: plan.kept, written: plan.write, placed, now });
  ignoreInGit(repository, path);
  return {
    path,
    change: now ? 'modified' : 'added',
    files: { written: plan.write.length, removed: plan.remove.length },
  };
}

/** Sorted by path, as every list of files. */
function wantedFiles({ cache }: Repository, id: ObjectId): FileList {
  if (!isFolderId(id)) return { paths: [''], sizes: [], digests: Buffer.from(id.md5, 'hex') };
  return cache.listFolder(id);
}

interface Plan {
  /** Files of the wanted list that are not as they should be. */
  readonly write: readonly number[];
  /** Those of them that something lies in the place of. */
  readonly taken: ReadonlySet<number>;
  /** For each wanted file the place in the present list of the one that stays; -1 where none does. */
  readonly kept: Int32Array;
  /** Files of the present list that go, or are written over. */
  readonly lose: readonly number[];
  readonly remove: readonly string[];
}

function planOf(now: Hashed | undefined, wanted: FileList): Plan {
  const present = new Map(now?.files.paths.map((path, index) => [path, index]));
  const write: number[] = [];
  const lose: number[] = [];
  const taken = new Set<number>();
  const kept = new Int32Array(wanted.paths.length).fill(-1);
  for (const [index, path] of wanted.paths.entries()) {
    const at = present.get(path);
    present.delete(path);
    if (at !== undefined && now && digestAt(now.files.digests, at) === digestAt(wanted.digests, index)) {
      kept[index] = at;
      continue;
    }
    write.push(index);
    if (at === undefined) continue;
    lose.push(at);
    taken.add(index);
  }
  return { write, taken, kept, lose: [...lose, ...present.values()], remove: [...present.keys()] };
}

async function refuseUnfitObjects(
  repository: Repository,
  path: string,
  wanted: FileList,
  write: readonly number[],
  { scheme }: ObjectId,
): Promise<void> {
  const { cache } = repository;
  const digests = digestsAt(wanted.digests, write);
  const missing = cache.missing(digests, scheme);
  if (missing.length > 0) {
    const first = wanted.paths[write[missing[0] ?? 0] ?? 0];
    const name = first === '' || first === undefined ? path : `${path}/${first}`;
    throw new DomainError(
      'NOT_FOUND',
      `The cache lacks ${missing.length} of ${write.length} files of '${path}', first ${name}`,
      {
        field: path,
        hint: 'Bring them from a remote: capstan pull.',
      },
    );
  }
  const ids = [...new Set(write.map((index) => digestAt(wanted.digests, index)))].map((md5) => ({ md5, scheme }));
  const [broken] = await damagedObjects(repository, ids);
  if (broken) throw damaged(cache.fileOf(broken));
}

/** Bytes that only the checkout holds are gone for good when they are written over. */
function refuseLoss(
  { cache }: Repository,
  path: string,
  now: Hashed | undefined,
  plan: Plan,
  { scheme }: ObjectId,
): void {
  if (!now) return;
  const digests = digestsAt(now.files.digests, plan.lose);
  const [first, ...more] = cache.missing(digests, scheme).map((index) => now.files.paths[plan.lose[index] ?? 0] ?? '');
  if (first === undefined) return;
  const name = first === '' ? path : `${path}/${first}`;
  throw conflict(
    `'${name}'${more.length > 0 ? ` and ${more.length} more` : ''} would be lost: the cache does not hold it`,
    {
      field: path,
      hint: `Keep it with: capstan add ${path}. Or give it up with --force.`,
    },
  );
}

/** @returns what the file system says of each file that was written, in the order of the plan */
async function apply(
  { root, cache, pool }: Repository,
  path: string,
  wanted: FileList,
  plan: Plan,
  how: { id: ObjectId; isExecutable: boolean; wasFolder: boolean; options: CheckoutOptions },
): Promise<PlacedFacts> {
  const whole = join(root, path);
  // A folder where a file belongs, or the reverse.
  if (how.wasFolder !== isFolderId(how.id)) rmSync(whole, { recursive: true, force: true });
  for (const file of plan.remove) if (file !== '') rmSync(join(whole, file), { force: true });
  let done = 0;
  const facts = await pool.place({
    cache: cache.folder,
    links: cache.links,
    scheme: how.id.scheme,
    folder: whole,
    paths: plan.write.map((index) => wanted.paths[index] ?? ''),
    digests: digestsAt(wanted.digests, plan.write),
    taken: Uint8Array.from(plan.write, (index) => Number(plan.taken.has(index))),
    isExecutable: how.isExecutable,
    onProgress: (files) => how.options.onProgress?.({ files: (done += files), of: plan.write.length }),
  });
  removeEmptyFolders(whole, new Set(plan.remove.map(folderOf).filter((folder) => folder !== '')));
  return facts;
}

function removeEmptyFolders(root: string, folders: ReadonlySet<string>): void {
  for (const folder of [...folders].toSorted((a, b) => b.length - a.length)) {
    for (let here = folder; here !== ''; here = folderOf(here)) {
      if (readNames(join(root, here)).length > 0) break;
      rmdirSync(join(root, here));
    }
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return ['gone'];
  }
}
