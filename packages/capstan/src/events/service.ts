import { eventPayloads, type EventPayload, type EventRecord, type EventType } from '@capstan/api';
import type { Database, Writer } from '#database';
import type { Jobs } from '#jobs';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { GENESIS, breakOf, chainHash } from './model.ts';
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
  /** Adds a fact, and the jobs of those who subscribe to it, in the caller's transaction. */
  append<T extends EventType>(writer: Writer, cause: Cause, fact: Fact<T>): Promise<EventRecord>;
  /** @throws DomainError NOT_FOUND */
  get(seq: number): Promise<EventRecord>;
  list(query: store.EventQuery): Promise<EventRecord[]>;
  lastSeq(): Promise<number>;
  verify(): Promise<ChainReport>;
}

const VERIFY_PAGE = 2_000;

export function createEvents(deps: { database: Database; jobs: Jobs; clock: Clock; ids: Ids }): Events {
  const { database, jobs, clock, ids } = deps;
  return {
    async append(writer, cause, fact) {
      const payload = eventPayloads[fact.type].parse(fact.payload) as Record<string, unknown>;
      await database.dialect.lockChain(writer);
      const last = await store.head(writer);
      const previousHash = last?.hash ?? GENESIS;
      const unhashed = {
        seq: (last?.seq ?? 0) + 1,
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
      const record: EventRecord = { ...unhashed, hash: chainHash(previousHash, unhashed) };
      await store.insert(writer, { record, previousHash });
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
