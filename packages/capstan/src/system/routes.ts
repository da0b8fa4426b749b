import { routes, type AnyRoute } from '@capstan/api';
import type { Database } from '#database';
import type { Events } from '#events';
import { bind, bindRaw, eventStream, openApiDocument, referencePage, type BoundRoute, type RawRequest } from '#http';
import type { Jobs } from '#jobs';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { AppClock } from './app-clock.ts';
import { follow } from './feed.ts';
import type { Metrics } from './metrics.ts';

/** One thing a server needs before it can work; `run` rejects with the reason while it is missing. */
export interface ReadinessCheck {
  readonly name: string;
  run(): Promise<void>;
}

interface SystemDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: AppClock;
  readonly metrics: Metrics;
  readonly readiness: readonly ReadinessCheck[];
  readonly table: readonly AnyRoute[];
  readonly version: string;
  /** Time has been moved: whatever is due by now is to be in the queue when the caller goes on. */
  onAdvance(): Promise<void>;
}

export function systemRoutes(deps: SystemDeps): BoundRoute[] {
  const { events, jobs, clock, database, metrics, table, version } = deps;
  // Made when first asked for, and then kept: most starts are never asked.
  let document: string | undefined;
  let page: string | undefined;
  return [
    bind(routes.system.healthz, async () => ({ status: 'ok' as const })),
    bind(routes.system.readyz, async () => ({ ready: true as const, checks: await checkReadiness(deps.readiness) })),
    bind(routes.system.status, async ({ query }, { signal }) => {
      const summary = await jobs.idle(query.waitMs, signal);
      return {
        version,
        now: clock.now(),
        clock: clock.kind,
        database: database.dialect.name,
        jobs: summary,
        lastEventSeq: await events.lastSeq(),
      };
    }),
    bind(routes.system.advanceClock, async ({ body }, { cause }) => {
      await clock.advance(events, cause, body.to);
      await deps.onAdvance();
      return { now: clock.now() };
    }),
    bind(routes.system.events, async ({ query }) => {
      const { cursor, limit, after, ...filter } = query;
      const start = cursor === undefined ? after : cursorSeq(cursor);
      const items = await events.list({ ...filter, after: start, limit });
      const last = items.at(-1);
      return { items, ...(last && items.length === limit && { nextCursor: String(last.seq) }) };
    }),
    bindRaw(routes.system.feed, async (request) => {
      const after = await feedStart(request, events);
      return eventStream(follow({ database, events }, after, request.signal), request.signal);
    }),
    bind(routes.system.verifyAudit, () => events.verify()),
    bindRaw(routes.system.metrics, async () => {
      metrics.setJobs(await jobs.summary());
      const { contentType, text } = metrics.render();
      return { status: 200, headers: { 'content-type': contentType }, body: text };
    }),
    bindRaw(routes.system.openapi, async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: (document ??= JSON.stringify(openApiDocument(table, version))),
    })),
    bindRaw(routes.system.reference, async () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: (page ??= referencePage(table, version)),
    })),
  ];
}

async function checkReadiness(checks: readonly ReadinessCheck[]) {
  const results = await Promise.all(
    checks.map(async ({ name, run }) => {
      try {
        await run();
        return { name, ok: true };
      } catch (error) {
        return { name, ok: false, detail: messageOf(error) };
      }
    }),
  );
  const failed = results.filter((result) => !result.ok);
  if (failed.length === 0) return results;
  throw new DomainError('UNAVAILABLE', `Not ready: ${failed.map((result) => result.name).join(', ')}`, {
    details: { checks: results },
  });
}

function cursorSeq(cursor: string): number {
  const seq = Number(cursor);
  if (!Number.isSafeInteger(seq) || seq < 0)
    throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
  return seq;
}

/** Where a reader left off; one that names no place wants what happens from now on. */
async function feedStart(request: RawRequest, events: Events): Promise<number> {
  const given = request.headers['last-event-id'] ?? request.query.get('after');
  return given === null || given === undefined ? await events.lastSeq() : cursorSeq(String(given));
}
