import type { EventRecord } from '@capstan/api';
import { digestOf } from '#kernel/digest';

/** Hash before the first fact. */
export const GENESIS = '0'.repeat(64);

/** SHA-256 over the previous hash and the canonical JSON of the fact. */
export function chainHash(previous: string, fact: Omit<EventRecord, 'hash'>): string {
  return digestOf({ previous, fact });
}

export interface Link {
  readonly record: EventRecord;
  readonly previousHash: string;
}

/** Why a link does not fit behind the one before it, or undefined when it does. */
export function breakOf(link: Link, expectedSeq: number, expectedPrevious: string): string | undefined {
  if (link.record.seq !== expectedSeq) return `fact ${expectedSeq} is missing`;
  if (link.previousHash !== expectedPrevious) return 'it does not follow the fact before it: that one was replaced';
  const { hash, ...fact } = link.record;
  if (chainHash(link.previousHash, fact) !== hash) return 'its content was changed after it was written';
  return undefined;
}
