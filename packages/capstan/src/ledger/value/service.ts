import { setImmediate } from 'node:timers/promises';
import type { BudgetState, Charter, Deployment, ValueRow, ValueSummary } from '@capstan/api';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import { judgeBudget, valueMatrixOf, type Deployments } from '#operations/deployments';
import type { Predictions } from '#operations/predictions';
import type { Clock } from '#ports/clock';
import { baselineAt } from './baseline.ts';
import { checkWindow, periodOf, type Place, type SummaryRequest } from './model.ts';
import { answeredPages, arrivalsOf, type AnsweredRow } from './store.ts';
import { addAnswer, emptyTally, method, rowOf, type Tally } from './tally.ts';

export interface ValueDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly projects: Pick<Projects, 'get'>;
  readonly deployments: Pick<Deployments, 'list'>;
  readonly predictions: Pick<Predictions, 'realised'>;
}

export interface Value {
  /** See `summarise`. */
  summary(request: SummaryRequest): Promise<ValueSummary>;
}

export function createValue(deps: ValueDeps): Value {
  return { summary: (request) => summarise(deps, request) };
}

const EVER = 8.64e15;

/**
 * What the answers of a project were worth, from the log as it stands: an outcome counts once however often it is
 * recorded, since it is one column of the answer, and another label for the same example replaces the first.
 *
 * An answer's value is what its decision was worth when its outcome came; where the baseline decides otherwise, its
 * decision is priced by the charter of today. Answers are read page by page; what is kept of each is its score, for the
 * ranking. @throws DomainError NOT_FOUND, INVALID_ARGUMENT
 */
async function summarise(deps: ValueDeps, request: SummaryRequest): Promise<ValueSummary> {
  checkWindow(request);
  const { project, by, from = -EVER, before = EVER } = request;
  const { charter } = await deps.projects.get(project);
  const deployments = await deps.deployments.list(project);
  const prices = valueMatrixOf(charter);
  const total = emptyTally();
  const groups = new Map<string, Group>();
  for (const deployment of deployments) {
    const arrivals = await arrivalsOf(deps.database.read, deployment.name);
    const groupOf = grouping(by, deployment, groups);
    for await (const page of answeredPages(deps.database.read, deployment.name, from, before)) {
      for (const row of page) {
        const base = baselineAt(arrivals, row.predictedAt);
        addAnswer(groupOf(row).tally, row, base, prices);
        addAnswer(total, row, base, prices);
      }
      // SQLite answers at once: without a pause, everybody else would wait for the last page.
      await setImmediate();
    }
  }
  const rows: ValueRow[] = [];
  for (const { place, tally } of [...groups.values()].toSorted(inOrder)) {
    rows.push(rowOf(place, tally));
    await setImmediate();
  }
  return {
    project,
    currency: charter.value.currency,
    by,
    method,
    total: rowOf({ key: 'total', from: null, before: null, version: null }, total),
    rows,
    budgets: await Promise.all(deployments.map((deployment) => budgetOf(deps, charter, deployment))),
  };
}

interface Group {
  readonly place: Place;
  readonly tally: Tally;
}

/** Finds the group of an answer, and makes it at its first. */
function grouping(
  by: SummaryRequest['by'],
  deployment: Deployment,
  groups: Map<string, Group>,
): (row: AnsweredRow) => Group {
  return (row) => {
    const place = by === 'version' ? versionPlace(deployment, row.modelVersion) : periodOf(by, row.eventTime);
    const key = `${place.version?.deployment ?? ''} ${place.key}`;
    const found = groups.get(key);
    if (found) return found;
    const made = { place, tally: emptyTally() };
    groups.set(key, made);
    return made;
  };
}

/** Number 0 stands for the baseline's constant, which answers while the breaker is open. */
function versionPlace({ name, model }: Deployment, number: number): Place {
  const version = number === 0 ? null : number;
  const key = version === null ? 'fallback' : `${model}/${version}`;
  return { key, from: null, before: null, version: { deployment: name, model, version } };
}

/** By time, or by deployment and version. */
function inOrder({ place: a }: Group, { place: b }: Group): number {
  return (
    (a.from ?? 0) - (b.from ?? 0) ||
    (a.version?.deployment ?? '').localeCompare(b.version?.deployment ?? '', 'en') ||
    (a.version?.version ?? 0) - (b.version?.version ?? 0)
  );
}

/** A closed breaker is judged over the window up to now; an open one shows the window in which it opened. */
async function budgetOf(
  { predictions, clock }: ValueDeps,
  { loss_budget: declared }: Charter,
  { name, breaker }: Deployment,
): Promise<BudgetState> {
  const { state, mode, reason = null, changedAt = null } = breaker;
  const shown = { deployment: name, breaker: { state, mode, reason, changedAt } };
  if (!declared) return { ...shown, budget: null };
  const isOpen = state === 'open' && changedAt !== null;
  const until = isOpen ? changedAt : clock.now();
  const since = isOpen ? until - declared.window : Math.max(until - declared.window, changedAt ?? 0);
  const realised = await predictions.realised(name, since, until);
  const budget = { amount: declared.amount, windowMs: declared.window, onExhausted: declared.on_exhausted };
  const spent = realised.n === 0 ? null : judgeBudget(budget, realised).value;
  return { ...shown, budget: { ...budget, spent, n: realised.n, since, until } };
}
