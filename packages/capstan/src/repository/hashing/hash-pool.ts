import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DomainError, invalid } from '#kernel/errors';
import type { HashScheme } from '#protocols/dvc';
import type { StoreBy } from '../cache/object-files.ts';
import { DIGEST_BYTES } from '../model.ts';
import { FACTS, type PlacedFacts, type PlaceTask } from '../cache/place-task.ts';
import type { HashFailure, HashTask } from './hash-task.ts';
import { doPoolTask, type PoolCall, type PoolOutcomes, type PoolTasks } from './pool-task.ts';

/** Less is done before a thread would have started. */
const WORTH_A_THREAD_BYTES = 4 << 20;
const WORTH_A_THREAD_FILES = 200;
/** Large enough that messages cost nothing, small enough that all threads end together. */
const TASK_FILES = 512;
const TASK_BYTES = 64 << 20;

export interface FilesToHash {
  readonly root: string;
  readonly paths: readonly string[];
  /** As `stat` tells them; only to share the work out. */
  readonly sizes: readonly number[];
  readonly scheme: HashScheme;
  readonly store: { readonly cache: string; readonly by: StoreBy } | null;
  /** Called as files are done. */
  onProgress?(files: number, bytes: number): void;
}

/** Objects that are to lie in the checkout. */
export interface ObjectsToPlace extends PlaceTask {
  /** Called as files are done. */
  onProgress?(files: number): void;
}

/** Hashes files, and places them, over all cores. */
export interface HashPool {
  /**
   * MD5 of file `n` at 16 × n, and the sizes that were read.
   * @throws DomainError INVALID_ARGUMENT naming a file that cannot be read, CONFLICT for one that changed meanwhile,
   *   STORAGE_FULL
   */
  hash(files: FilesToHash): Promise<{ digests: Buffer; sizes: number[] }>;
  /** @throws DomainError as `Placer`; others may be there by then */
  place(objects: ObjectsToPlace): Promise<PlacedFacts>;
  /** Told that so many files are to come: the threads start while the caller looks for more. */
  expect(files: number): void;
  /** Ends the threads; they begin again with the next large call. */
  close(): Promise<void>;
}

/** `threads` is for tests: all cores where it is not given. */
export function createHashPool(threads = availableParallelism()): HashPool {
  let workers: Worker[] = [];

  const start = (wanted: number): void => {
    while (workers.length < wanted) workers.push(startThread());
  };

  /** Shared by all threads: each takes the next piece, from the end. The first failure leaves none to take. */
  async function overAll<Kind extends keyof PoolTasks, Part>(
    kind: Kind,
    parts: Part[],
    isLarge: boolean,
    taskOf: (part: Part) => PoolTasks[Kind],
    take: (part: Part, outcome: PoolOutcomes[Kind]) => void,
  ): Promise<void> {
    const wanted = isLarge ? Math.min(threads, parts.length) : 0;
    start(wanted);
    const perform = async (worker: Worker | null): Promise<void> => {
      try {
        for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
          const call = { kind, task: taskOf(part) };
          take(part, await (worker ? ask(worker, call) : doPoolTask(call)));
        }
      } catch (error) {
        parts.length = 0;
        throw error;
      }
    };
    const helpers = wanted === 0 ? [null] : workers.slice(0, wanted);
    // All have ended then: a thread that still works would answer the next call.
    const ends = await Promise.allSettled(helpers.map(perform));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  return {
    expect(files) {
      if (files >= WORTH_A_THREAD_FILES) start(Math.min(threads, Math.ceil(files / TASK_FILES)));
    },
    async hash(files) {
      const pieces = piecesOf(files);
      const bytes = files.sizes.reduce((sum, size) => sum + size, 0);
      const isLarge = files.paths.length >= WORTH_A_THREAD_FILES || bytes >= WORTH_A_THREAD_BYTES;
      const digests = Buffer.allocUnsafe(files.paths.length * DIGEST_BYTES);
      const sizes: number[] = Array.from({ length: files.paths.length }, () => 0);
      const taskOf = (piece: Piece): HashTask => hashTask(piece, files);
      await overAll('hash', pieces, isLarge, taskOf, (piece, outcome) => {
        if (outcome.failure) throw errorOf(outcome.failure);
        digests.set(outcome.digests, piece.first * DIGEST_BYTES);
        for (const [index, size] of outcome.sizes.entries()) sizes[piece.first + index] = size;
        files.onProgress?.(piece.paths.length, piece.bytes);
      });
      return { digests, sizes };
    },
    async place(objects) {
      const count = objects.paths.length;
      const facts = new Float64Array(count * FACTS);
      const firsts = Array.from(
        { length: Math.ceil(count / TASK_FILES) },
        (_, index) => index * TASK_FILES,
      ).toReversed();
      const taskOf = (first: number): PlaceTask => placeTask(objects, first);
      await overAll('place', firsts, count >= WORTH_A_THREAD_FILES, taskOf, (first, outcome) => {
        if (outcome.failure) throw new DomainError(outcome.failure.code, outcome.failure.message, outcome.failure);
        facts.set(outcome.facts, first * FACTS);
        objects.onProgress?.(Math.min(TASK_FILES, count - first));
      });
      return facts;
    },
    async close() {
      const ended = workers;
      workers = [];
      await Promise.all(ended.map((worker) => worker.terminate()));
    },
  };
}

interface Piece {
  readonly first: number;
  readonly paths: readonly string[];
  readonly sizes: readonly number[];
  readonly bytes: number;
}

function piecesOf({ paths, sizes }: FilesToHash): Piece[] {
  const pieces: Piece[] = [];
  let first = 0;
  let bytes = 0;
  for (let index = 0; index < paths.length; index++) {
    bytes += sizes[index] ?? 0;
    if (index + 1 - first < TASK_FILES && bytes < TASK_BYTES && index + 1 < paths.length) continue;
    pieces.push({ first, paths: paths.slice(first, index + 1), sizes: sizes.slice(first, index + 1), bytes });
    first = index + 1;
    bytes = 0;
  }
  // The largest last in the list, hence first taken: nobody ends alone with one.
  return pieces.toSorted((a, b) => a.bytes - b.bytes);
}

function hashTask(piece: Piece, { root, scheme, store }: FilesToHash): HashTask {
  return { root, paths: piece.paths, sizes: piece.sizes, scheme, store };
}

function placeTask(objects: ObjectsToPlace, first: number): PlaceTask {
  const { cache, links, scheme, folder, isExecutable } = objects;
  const end = first + TASK_FILES;
  return {
    cache,
    links,
    scheme,
    folder,
    isExecutable,
    paths: objects.paths.slice(first, end),
    // Copied: what a message holds a part of is sent whole.
    digests: objects.digests.slice(first * DIGEST_BYTES, end * DIGEST_BYTES),
    taken: objects.taken.slice(first, end),
  };
}

function startThread(): Worker {
  const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), { env: {}, name: 'hash' });
  // A command that ends does not wait for threads without work.
  worker.unref();
  return worker;
}

/** One task at a time for each thread. */
async function ask<Kind extends keyof PoolTasks>(worker: Worker, call: PoolCall<Kind>): Promise<PoolOutcomes[Kind]> {
  worker.ref();
  const { promise, resolve, reject } = Promise.withResolvers<PoolOutcomes[Kind]>();
  const ended = (code: number): void => reject(new Error(`a hashing thread ended by itself with ${code}`));
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', ended);
  try {
    worker.postMessage(call);
    return await promise;
  } finally {
    worker.off('message', resolve);
    worker.off('error', reject);
    worker.off('exit', ended);
    worker.unref();
  }
}

function errorOf({ path, code, message }: HashFailure): DomainError {
  if (code === 'ECHANGED') {
    return new DomainError('CONFLICT', message, {
      field: path,
      hint: 'Let whoever writes it finish, and do this again.',
    });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DomainError('STORAGE_FULL', `There is no space left for ${path} in the cache`, {
      field: path,
      hint: 'Free some space and do this again: what is in the cache already stays there.',
    });
  }
  return invalid(`${path} cannot be read: ${message}`, { field: path });
}
