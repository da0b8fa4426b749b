import type { ConsideredTrigger, Cycle, CycleSummary, EventRecord } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError, invalid, notFound } from '#kernel/errors';
import { advance, type Waking } from './advance.ts';
import { consider, type Considered } from './consider.ts';
import type { RetrainingDeps } from './deps.ts';
import type { KeyedTrigger } from './model.ts';
import * as store from './store.ts';
import { alertTrigger, dataTrigger, scheduleTrigger } from './triggers.ts';
import { cycleOf, summaryOf, triggerOf } from './views.ts';

interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Retraining {
  /** Newest first. @throws DomainError NOT_FOUND, INVALID_ARGUMENT for a cursor of another list */
  list(project: string, query: PageQuery): Promise<{ items: CycleSummary[]; nextCursor?: string }>;
  /** By its number in the project or its id. @throws DomainError NOT_FOUND */
  get(project: string, cycle: string): Promise<Cycle>;
  /** Triggers that were judged, newest first. @throws as `list` */
  triggers(project: string, query: PageQuery): Promise<{ items: ConsideredTrigger[]; nextCursor?: string }>;
  /**
   * A person asks for a turn now.
   * @throws DomainError CONFLICT with every limit when one is under way or data are in quarantine; NOT_FOUND
   */
  startByHand(request: {
    readonly project: string;
    readonly reason: string;
    readonly requestKey?: string | undefined;
    readonly cause: Cause;
  }): Promise<Cycle>;
  /** Judges the trigger that a fact is, if it is one. */
  considerEvent(eventSeq: number, cause: Cause): Promise<void>;
  /** Judges a tick of the project's schedule. */
  considerTick(project: string, dueAt: number, cause: Cause): Promise<void>;
  /** Goes on with a turn. */
  advance(cycle: string, waking: Waking): Promise<void>;
  /** Goes on with the turn that a fact may concern, if one is open. */
  follow(eventSeq: number, waking: Waking): Promise<void>;
}

export function createRetraining(deps: RetrainingDeps): Retraining {
  const { database, events, clock, ids, projects } = deps;

  async function get(project: string, cycle: string): Promise<Cycle> {
    await projects.get(project);
    const row = /^\d{1,9}$/.test(cycle)
      ? await store.findNumber(database.read, project, Number(cycle))
      : await store.findCycle(database.read, cycle);
    if (row?.project !== project)
      throw notFound(
        'cycle',
        `${project}/${cycle}`,
        `capstan cycles list --project ${project} shows those that exist.`,
      );
    return cycleOf(row, await store.listSteps(database.read, row.id));
  }

  /** A project that has changed so that nothing can be trained any more has no triggers either. */
  async function considerQuietly(
    project: string,
    trigger: KeyedTrigger,
    cause: Cause,
  ): Promise<Considered | undefined> {
    try {
      return await consider(deps, project, trigger, cause);
    } catch (error) {
      if (error instanceof DomainError && (error.code === 'CONFLICT' || error.code === 'NOT_FOUND')) {
        deps.log.info({ project, trigger: trigger.key }, `a trigger was left alone: ${error.message}`);
        return undefined;
      }
      throw error;
    }
  }

  return {
    get,
    async list(project, { limit, cursor }) {
      await projects.get(project);
      const rows = await store.listCycles(database.read, project, limit + 1, numberOf(cursor));
      return pageOf(rows, limit, summaryOf, (row) => row.number);
    },
    async triggers(project, { limit, cursor }) {
      await projects.get(project);
      const rows = await store.listTriggers(database.read, project, limit + 1, numberOf(cursor));
      return pageOf(rows, limit, triggerOf, (row) => row.event_seq);
    },
    async startByHand({ project, reason, requestKey, cause }) {
      const key = `person:${requestKey ?? ids.next('rq')}`;
      const { cycle, reason: answer } = await consider(
        deps,
        project,
        { kind: 'person', reason, at: clock.now(), key, evidence: [] },
        cause,
      );
      if (cycle !== null) return await get(project, cycle);
      const open = await store.findOpen(database.read, project);
      throw conflict(`No turn of ${project} was started: ${answer}`, {
        hint: open
          ? `Turn ${open.number} is under way: capstan cycles show ${open.number} --project ${project}.`
          : 'Mend the data and register it again.',
        ...(open && { details: { cycle: open.id, number: open.number } }),
      });
    },
    async considerEvent(eventSeq, cause) {
      const event = await events.get(eventSeq);
      if (event.project === undefined) return;
      const trigger = await triggerIn(event);
      if (trigger) await considerQuietly(event.project, trigger, { ...cause, causationSeq: eventSeq });
    },
    async considerTick(project, dueAt, cause) {
      await considerQuietly(project, scheduleTrigger(dueAt), cause);
    },
    advance: (cycle, waking) => advance(deps, cycle, waking),
    async follow(eventSeq, waking) {
      const event = await events.get(eventSeq);
      if (event.project === undefined) return;
      const open = await store.findOpen(database.read, event.project);
      if (!open) return;
      const isApproval =
        event.type === 'model-version.approved' && event.subject === `model-version:${open.model}/${open.version}`;
      await advance(deps, open.id, { ...waking, ...(isApproval && { approvedBy: eventSeq }) });
    },
  };

  async function triggerIn(event: EventRecord): Promise<KeyedTrigger | undefined> {
    if (event.type === 'dataset-version.checked') {
      const { declaration } = await projects.get(event.project ?? '');
      return dataTrigger(event, declaration);
    }
    return alertTrigger(event);
  }
}

function numberOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
}

function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
  place: (row: Row) => number,
): { items: Item[]; nextCursor?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    ...(rows.length > limit && last !== undefined && { nextCursor: String(place(last)) }),
  };
}
