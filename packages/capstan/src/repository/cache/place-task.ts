// Objects that go into the checkout, as a thread is asked for them; without threads the same code does a handful.
import { statSync } from 'node:fs';
import type { ErrorCode } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import { objectPath, type HashScheme, type LinkType } from '#protocols/dvc';
import { digestAt } from '../model.ts';
import { createPlacer } from './place-object.ts';

export interface PlaceTask {
  /** Absolute: the cache. */
  readonly cache: string;
  readonly links: readonly LinkType[];
  readonly scheme: HashScheme;
  /** Absolute; an empty path is the folder itself. */
  readonly folder: string;
  readonly paths: readonly string[];
  /** MD5 of file `n` at 16 × n. */
  readonly digests: Uint8Array;
  /** 1 where something is in the place of file `n`, which goes. */
  readonly taken: Uint8Array;
  readonly isExecutable: boolean;
}

/** What the file system says of file `n` now that it is there, at 3 × n: size, time of change in ms, inode. */
export type PlacedFacts = Float64Array;

export interface PlaceOutcome {
  readonly facts: PlacedFacts;
  /** The first failure ends the task. */
  readonly failure: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly field?: string;
    readonly hint?: string;
  } | null;
}

export const FACTS = 3;

export function doPlaceTask(task: PlaceTask): PlaceOutcome {
  const { cache, scheme, folder, paths, taken, isExecutable } = task;
  const digests = Buffer.from(task.digests.buffer, task.digests.byteOffset, task.digests.byteLength);
  const facts = new Float64Array(paths.length * FACTS);
  const placer = createPlacer(task.links);
  try {
    for (const [index, path] of paths.entries()) {
      const target = path === '' ? folder : `${folder}/${path}`;
      const object = `${cache}/${objectPath(digestAt(digests, index), scheme)}`;
      placer.place(object, target, { isExecutable, isTaken: taken[index] === 1 });
      const { size, mtimeMs, ino } = statSync(target);
      facts.set([size, mtimeMs, ino], index * FACTS);
    }
    return { facts, failure: null };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, message, field, hint } = error;
    return {
      facts,
      failure: { code, message, ...(field !== undefined && { field }), ...(hint !== undefined && { hint }) },
    };
  }
}
