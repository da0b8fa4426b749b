// From the cache to a remote: what is there stays, what goes was read and is whole. The object of a folder comes after its
// files, so that it means that they are all there.
import { damaged } from '../cache/object-cache.ts';
import { damagedObjects } from '../cache/verify.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { DomainError } from '#kernel/errors';
import type { ObjectRemote } from '#ports/object-remote';
import { objectPath } from '#protocols/dvc';
import { statSync } from 'node:fs';
import { eachAtOnce, withRetries } from './at-once.ts';
import { dataFor, uniqueOf, type WantedObject } from './fetch.ts';
import { presentObjects } from './presence.ts';
import {
  asFailed,
  NOTHING,
  together,
  type FailedObject,
  type Transferred,
  type TransferOptions,
  type TransferProgress,
} from './transfer.ts';
import { jobsOf, remoteSettings } from './which-remote.ts';

/**
 * Sends the objects of tracked data to their remotes.
 * @param targets as `dataFor` takes them
 * @throws DomainError for a remote that is not set, refuses, is full or stays unreachable. What has gone over stays
 */
export async function pushData(
  repository: Repository,
  targets: readonly string[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const chosen = await dataFor(repository, targets, options);
  const own = chosen.filter(({ isPushed, importedFrom }) => isPushed && !importedFrom);
  let done = NOTHING;
  for (const [remote, data] of Map.groupBy(own, (each) => each.remote ?? options.remote)) {
    const wanted = data.map(({ id, path }) => ({ ...id, path }));
    done = together(done, await pushObjects(repository, wanted, { ...options, remote }));
  }
  return done;
}

/**
 * Sends objects of the cache to a remote, those of folders with all their files.
 * @returns what could not be sent beside what was
 * @throws DomainError as `pushData`
 */
async function pushObjects(
  repository: Repository,
  wanted: readonly WantedObject[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const settings = remoteSettings(repository.config, options.remote);
  const remote = await repository.openRemote(settings);
  try {
    const jobs = jobsOf(settings, remote, options.jobs);
    return await new Push(repository, remote, { ...options, jobs }).send(wanted);
  } finally {
    await remote.close();
  }
}

class Push {
  readonly #repository: Repository;
  readonly #remote: ObjectRemote;
  readonly #options: TransferOptions & { readonly jobs: number };
  readonly #failed: FailedObject[] = [];
  #objects = 0;
  #bytes = 0;

  constructor(repository: Repository, remote: ObjectRemote, options: TransferOptions & { readonly jobs: number }) {
    this.#repository = repository;
    this.#remote = remote;
    this.#options = options;
  }

  async send(wanted: readonly WantedObject[]): Promise<Transferred> {
    const folders = uniqueOf(wanted.filter(isFolderId)).map((id) => ({ id, files: this.#filesIn(id) }));
    const inside = folders.flatMap(({ files }) => files ?? []);
    const files = uniqueOf([...wanted.filter((id) => !isFolderId(id)), ...inside]);
    const all = [...files, ...folders.map(({ id }) => id)];
    const present = await presentObjects(this.#remote, all, {
      ...this.#options,
      onProgress: ({ asked, of }) => this.#tell('looking', asked, of),
    });
    const lacking = files.filter((id) => !present.has(id));
    const whole = await this.#wholeOnes(lacking);
    await this.#sendAll(whole);
    const lost = new Set(this.#failed.map(({ md5 }) => md5));
    const complete = folders.filter(
      ({ id, files: within }) => !present.has(id) && within?.every(({ md5 }) => !lost.has(md5)),
    );
    for (const { id, files: within } of folders) if (!within && !present.has(id)) this.#failed.push(this.#notHere(id));
    await this.#sendAll(complete.map(({ id }) => id));
    return { objects: this.#objects, bytes: this.#bytes, present: present.size, failed: this.#failed };
  }

  /** Undefined for a folder that the cache does not hold: whether the remote does is seen later. */
  #filesIn(id: WantedObject): WantedObject[] | undefined {
    if (!this.#repository.cache.has(id)) return undefined;
    const { path, scheme } = id;
    return this.#repository.cache
      .readFolder(id)
      .map((file) => ({ md5: file.md5, scheme, path: `${path}/${file.path}` }));
  }

  /** Those that the cache holds as they should be; what is not among them has failed. */
  async #wholeOnes(lacking: readonly WantedObject[]): Promise<WantedObject[]> {
    if (lacking.length === 0) return [];
    this.#tell('checking', 0, lacking.length);
    const { cache } = this.#repository;
    const missing = new Set<ObjectId>();
    for (const [scheme, some] of Map.groupBy(lacking, (id) => id.scheme)) {
      const digests = Buffer.from(some.map(({ md5 }) => md5).join(''), 'hex');
      for (const index of cache.missing(digests, scheme)) missing.add(some[index] as WantedObject);
    }
    const here = lacking.filter((id) => !missing.has(id));
    const broken = new Set(await damagedObjects(this.#repository, here));
    for (const id of lacking) {
      if (missing.has(id)) this.#failed.push(this.#notHere(id));
      else if (broken.has(id)) this.#failed.push(failedBy(damaged(cache.fileOf(id)), id));
    }
    return here.filter((id) => !broken.has(id));
  }

  async #sendAll(ids: readonly WantedObject[]): Promise<void> {
    const { cache } = this.#repository;
    let done = 0;
    await eachAtOnce(ids, this.#options, async (id, signal) => {
      const file = cache.fileOf(id);
      const path = objectPath(id.md5, id.scheme);
      await withRetries(signal, () => this.#remote.write(path, file, { signal }));
      this.#objects++;
      this.#bytes += statSync(file).size;
      this.#tell('sending', ++done, ids.length);
    });
  }

  #notHere(id: WantedObject): FailedObject {
    const message = `Neither the cache nor the remote '${this.#remote.name}' holds it`;
    return failedBy(new DomainError('NOT_FOUND', message, { hint: 'Fetch it from where it is, or make it anew.' }), id);
  }

  #tell(step: TransferProgress['step'], files: number, of: number): void {
    this.#options.onProgress?.({ step, remote: this.#remote.name, files, of, bytes: this.#bytes });
  }
}

function failedBy(error: DomainError, id: WantedObject): FailedObject {
  const failed = asFailed(error, id);
  if (!failed) throw error;
  return failed;
}
