// What push and fetch share: what they tell of their work, and which failures concern one object alone.
import { DomainError } from '#kernel/errors';
import type { CollectScope } from '../collect/scope.ts';

export interface TransferProgress {
  /** What is done now. */
  readonly step: 'looking' | 'checking' | 'sending' | 'fetching';
  readonly remote: string;
  readonly files: number;
  readonly of: number;
  /** Sent or fetched so far in this step. */
  readonly bytes: number;
}

export interface TransferOptions {
  /** Name of a remote instead of the default one. */
  readonly remote?: string | undefined;
  /** Transfers at once. */
  readonly jobs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Revisions whose data is meant as well as that of the checkout. */
  readonly scope?: CollectScope | undefined;
  onProgress?(done: TransferProgress): void;
}

/** An object that could not be brought or sent, while others were. */
export interface FailedObject {
  readonly md5: string;
  /** A file that it is the content of, relative to the root. */
  readonly path: string;
  readonly code: string;
  readonly reason: string;
  readonly hint?: string;
}

export interface Transferred {
  /** Objects that went over. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were there already. */
  readonly present: number;
  readonly failed: readonly FailedObject[];
}

export const NOTHING: Transferred = { objects: 0, bytes: 0, present: 0, failed: [] };

export function together(a: Transferred, b: Transferred): Transferred {
  return {
    objects: a.objects + b.objects,
    bytes: a.bytes + b.bytes,
    present: a.present + b.present,
    failed: [...a.failed, ...b.failed],
  };
}

/** Failures of one object, after which others may still go over. */
export function asFailed(error: unknown, { md5, path }: { md5: string; path: string }): FailedObject | undefined {
  if (!(error instanceof DomainError)) return undefined;
  if (error.code !== 'NOT_FOUND' && error.code !== 'DATA_LOSS') return undefined;
  const { code, message: reason, hint } = error;
  return { md5, path, code, reason, ...(hint !== undefined && { hint }) };
}
