// Results of stages that ran before, shared by all who use the remote: entries are small files that say which objects a
// command made from which. They go over as they are; the objects they name go with the data that is used.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { ObjectRemote } from '#ports/object-remote';
import { runPath } from '#protocols/dvc';
import { placeRun } from '../cache/object-files.ts';
import type { Repository } from '../open.ts';
import { eachAtOnce, withRetries } from './at-once.ts';
import type { TransferOptions } from './transfer.ts';
import { jobsOf, remoteSettings } from './which-remote.ts';

const FOLDER = 'runs';
/** An entry is the record of one stage: more is no entry. */
const LARGEST_BYTES = 64 << 20;
const ENTRY = /^runs\/[0-9a-f]{2}\/([0-9a-f]{64})\/([0-9a-f]{64})$/;

/** @returns the number of entries sent @throws DomainError as `pushData` */
export async function pushRunCache(repository: Repository, options: TransferOptions = {}): Promise<number> {
  return await withRemote(repository, options, async (remote, jobs, theirs) => {
    const ours = existsSync(join(repository.cache.folder, FOLDER)) ? localEntries(repository.cache.folder) : [];
    const lacking = ours.filter((path) => !theirs.has(path));
    await eachAtOnce(lacking, { jobs, signal: options.signal }, (path, signal) =>
      withRetries(signal, () => remote.write(path, join(repository.cache.folder, path), { signal })),
    );
    return lacking.length;
  });
}

/** @returns the number of entries fetched @throws DomainError as `fetchData` */
export async function fetchRunCache(repository: Repository, options: TransferOptions = {}): Promise<number> {
  return await withRemote(repository, options, async (remote, jobs, theirs) => {
    const lacking = [...theirs].filter((path) => !existsSync(join(repository.cache.folder, path)));
    await eachAtOnce(lacking, { jobs, signal: options.signal }, async (path, signal) => {
      const bytes = await withRetries(signal, () => wholeOf(remote, path, signal));
      placeRun(join(repository.cache.folder, path), bytes);
    });
    return lacking.length;
  });
}

async function withRemote(
  repository: Repository,
  options: TransferOptions,
  work: (remote: ObjectRemote, jobs: number, theirs: ReadonlySet<string>) => Promise<number>,
): Promise<number> {
  const settings = remoteSettings(repository.config, options.remote);
  const remote = await repository.openRemote(settings);
  try {
    if (remote.listing.by === 'none') {
      throw new DomainError('NOT_IMPLEMENTED', `The remote '${remote.name}' cannot list a run cache`, {
        field: '--run-cache',
        hint: 'Use a remote of another kind for it, or leave the option out.',
      });
    }
    const theirs = new Set<string>();
    for await (const page of remote.list(FOLDER, options)) {
      for (const path of page) if (isEntry(path)) theirs.add(path);
    }
    return await work(remote, jobsOf(settings, remote, options.jobs), theirs);
  } finally {
    await remote.close();
  }
}

function localEntries(cache: string): string[] {
  return readdirSync(join(cache, FOLDER), { recursive: true, encoding: 'utf8' })
    .map((path) => `${FOLDER}/${path}`)
    .filter(isEntry);
}

/** What others put there becomes a path of this machine: nothing else than an entry is taken. */
function isEntry(path: string): boolean {
  const [, key, value] = ENTRY.exec(path) ?? [];
  return key !== undefined && value !== undefined && runPath(key, value) === path;
}

async function wholeOf(remote: ObjectRemote, path: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of (await remote.read(path, { signal })).bytes) {
    size += piece.length;
    if (size > LARGEST_BYTES) throw invalid(`${path} on the remote '${remote.name}' is too large for an entry`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
