import type { CallCount } from '@capstan/api';
import type { Caller } from './caller.ts';

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** What callers have asked since it was begun, by deployment, hour and caller. */
export interface CallCounts {
  /** A call that has ended, with the status that HTTP has for it, at a business time. */
  add(caller: Caller, status: number, at: number): void;
  isEmpty(): boolean;
  all(): readonly CallCount[];
}

const HOUR_MS = 3_600_000;
/** Callers without a token that are told apart, of one deployment in one hour; all others are counted as one. */
export const MOST_TOLD_APART = 100;

/** @param before counts to go on from */
export function createCallCounts(before: readonly CallCount[] = []): CallCounts {
  const counts = new Map<string, Mutable<CallCount>>();
  /** By deployment and hour. */
  const toldApart = new Map<string, number>();
  for (const count of before) {
    counts.set(keyOf(count), { ...count });
    if (isToldApart(count)) raise(placeOf(count));
  }

  function raise(place: string): void {
    toldApart.set(place, (toldApart.get(place) ?? 0) + 1);
  }

  /** The count that a key stands for, made where there is none. */
  function countOf(key: Key): Mutable<CallCount> {
    const known = counts.get(keyOf(key));
    if (known) return known;
    if (isToldApart(key)) {
      const place = placeOf(key);
      if ((toldApart.get(place) ?? 0) >= MOST_TOLD_APART)
        return countOf({ ...key, ...OTHERS, ...(isUnknown(key) && { unknownToken: '' }) });
      raise(place);
    }
    const count = { ...key, token: null, requests: 0, rows: 0, errors: 0, refused: 0, lastAt: 0 };
    counts.set(keyOf(key), count);
    return count;
  }

  let last: { readonly hour: number; readonly caller: Caller; readonly count: Mutable<CallCount> } | undefined;

  /** The count of a caller. Most calls are of who called just before. */
  function countOfCaller(caller: Caller, deployment: string, hour: number): Mutable<CallCount> {
    if (last?.hour === hour && last.caller.deployment === deployment && last.caller.isSameCaller(caller)) {
      return last.count;
    }
    const { consumer, unknownToken } = caller;
    const unknown = unknownToken === null ? {} : { unknownToken };
    const count =
      consumer === null
        ? countOf({ deployment, hour, consumer, agent: caller.agent, address: caller.address, ...unknown })
        : countOf({ deployment, hour, consumer, ...OTHERS });
    last = { hour, caller, count };
    return count;
  }

  return {
    add(caller, status, at) {
      const { deployment } = caller;
      if (deployment === null) return;
      const count = countOfCaller(caller, deployment, Math.floor(at / HOUR_MS) * HOUR_MS);
      count.requests += 1;
      count.rows += caller.rows;
      if (caller.isRefused) count.refused += 1;
      else if (status >= FIRST_ERROR) count.errors += 1;
      count.lastAt = Math.max(count.lastAt, at);
      if (caller.token !== null) count.token = caller.token;
    },
    isEmpty: () => counts.size === 0,
    all: () => [...counts.values()],
  };
}

const FIRST_ERROR = 400;

type Key = Pick<CallCount, 'deployment' | 'hour' | 'consumer' | 'agent' | 'address' | 'unknownToken'>;

/** Of those that are not told apart. */
const OTHERS = { agent: '', address: '' };

function isUnknown({ unknownToken }: Key): boolean {
  return unknownToken !== undefined;
}

function isToldApart({ consumer, agent, address, unknownToken = '' }: Key): boolean {
  return consumer === null && (agent !== '' || address !== '' || unknownToken !== '');
}

/** Whoever guesses tokens hides no caller without one. */
function placeOf(key: Key): string {
  return `${key.deployment} ${key.hour} ${isUnknown(key)}`;
}

/** None of its parts but the last can hold a space. */
function keyOf({ deployment, hour, consumer, unknownToken = '-', agent, address }: Key): string {
  return `${deployment} ${hour} ${consumer ?? ''} ${unknownToken} ${agent} ${address}`;
}
