import { eventPayloads, type EventPayload, type EventRecord, type EventType } from '@capstan/api';
import { memoOf, type Database, type Writer } from '#database';
import type { Jobs } from '#jobs';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { GENESIS, breakOf, chainHash, type Link } from './model.ts';
import * as store from './store.ts';
import { subscriptions } from './subscriptions.ts';

export interface Fact<T extends EventType> {
  readonly type: T;
  readonly project?: string;
  /** `kind:id` of the object it is about. */
  readonly subject: string;
  readonly payload: EventPayload<T>;
}

export interface ChainReport {
  readonly ok: boolean;
  readonly checked: number;
  /** Hash of the last fact that fits: keep it elsewhere to notice a chain cut at its end. */
  readonly head: string;
  readonly broken?: { readonly seq: number; readonly reason: string };
}

export interface Events {
  /** Looks the last fact up while other queries are under way. Where it is left out, `append` does it. */
  prepare(writer: Writer): void;
  /** Adds a fact, and the jobs of those who subscribe to it, in the caller's transaction. */
  append<T extends EventType>(writer: Writer, cause: Cause, fact: Fact<T>): Promise<EventRecord>;
  /** @throws DomainError NOT_FOUND */
  get(seq: number): Promise<EventRecord>;
  list(query: store.EventQuery): Promise<EventRecord[]>;
  lastSeq(): Promise<number>;
  verify(): Promise<ChainReport>;
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

const HEAD = 'events.head';
const VERIFY_PAGE = 2_000;

export function createEvents(deps: { database: Database; jobs: Jobs; clock: Clock; ids: Ids }): Events {
  const { database, jobs, clock, ids } = deps;
  return {
    prepare: (writer) => void lastOf(writer),
    async append(writer, cause, fact) {
      const payload = eventPayloads[fact.type].parse(fact.payload) as Record<string, unknown>;
      const link = await linkBehindLast(writer, ({ seq, hash: previousHash }) => {
        const unhashed = {
          seq: seq + 1,
          id: ids.next('ev'),
          type: fact.type,
          ...(fact.project !== undefined && { project: fact.project }),
          subject: fact.subject,
          actor: cause.actor,
          at: clock.now(),
          ...(cause.causationSeq !== undefined && { causationSeq: cause.causationSeq }),
          ...(cause.cycle !== undefined && { cycle: cause.cycle }),
          payload,
        };
        return { record: { ...unhashed, hash: chainHash(previousHash, unhashed) }, previousHash };
      });
      await store.insert(writer, link);
      const { record } = link;
      for (const kind of subscriptions[fact.type] ?? []) {
        await jobs.enqueue(writer, kind, { eventSeq: record.seq } as never, { causedBy: record.seq });
      }
      return record;
    },
    async get(seq) {
      const record = await store.get(database.read, seq);
      if (!record) throw notFound('event', String(seq));
      return record;
    },
    list: (query) => store.list(database.read, query),
    lastSeq: async () => (await store.head(database.read))?.seq ?? 0,
    verify: () => verifyChain(database),
  };
}

/**
 * The next link of the chain, made behind the last of the writer's transaction. Calls that do not wait for each other get
 * their places in the order in which they came.
 */
function linkBehindLast(writer: Writer, make: (last: Head) => Link): Promise<Link> {
  const link = lastOf(writer).then(make);
  const head = link.then(({ record }) => ({ seq: record.seq, hash: record.hash }));
  void rememberLast(writer, head);
  return link;
}

/** The last link that the writer's transaction knows of: nobody else can append meanwhile. */
function lastOf(writer: Writer): Promise<Head> {
  return (memoOf(writer).get(HEAD) as Promise<Head> | undefined) ?? rememberLast(writer, headOf(writer));
}

function rememberLast(writer: Writer, last: Promise<Head>): Promise<Head> {
  // Whoever needs it is told.
  last.catch(() => {});
  memoOf(writer).set(HEAD, last);
  return last;
}

async function headOf(writer: Writer): Promise<Head> {
  return (await store.head(writer)) ?? { seq: 0, hash: GENESIS };
}

async function verifyChain(database: Database): Promise<ChainReport> {
  let head = GENESIS;
  let checked = 0;
  for (;;) {
    const page = await store.links(database.read, checked, VERIFY_PAGE);
    if (page.length === 0) return { ok: true, checked, head };
    for (const link of page) {
      const reason = breakOf(link, checked + 1, head);
      if (reason !== undefined) return { ok: false, checked, head, broken: { seq: link.record.seq, reason } };
      head = link.record.hash;
      checked += 1;
    }
  }
}
