import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadSide } from '#database';
import { comparisonsOf, type Filter } from '#kernel/filter/ast';
import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder, type SortTerm } from '#kernel/filter/parse-order';
import { printFilter } from '#kernel/filter/print-filter';
import { inputsOf } from '../input.store.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import type { Run, View } from '../model.ts';
import { experimentNumber } from '../naming.ts';
import { countMatches, pageOfRuns, type Membership, type MetricOrder, type RunQuery } from './run-search.store.ts';
import { latestOf, textsOf, type Projection, type RunWithKey } from '../run.store.ts';

export interface RunSearch {
  readonly experimentIds: readonly string[];
  /** MLflow's search language. */
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  /** Which value of the metrics in `orderBy` counts; default: the last. */
  readonly orderMetricsBy?: MetricOrder | undefined;
  /** Besides the filter: one group of runs, the children of a run, or those without a parent. */
  readonly within?: readonly Membership[] | undefined;
  readonly view: View;
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
  /** What to load of each run; default: everything. */
  readonly load?: RunProjection | undefined;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of a search that says which runs. */
export type RunMatch = Pick<RunSearch, 'experimentIds' | 'filter' | 'within' | 'view' | 'signal'>;

export interface RunProjection {
  readonly metrics: Projection;
  readonly params: Projection;
  readonly tags: Projection;
  /** Datasets and models. */
  readonly inputs: boolean;
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly nextPageToken?: string;
}

export const everything: RunProjection = { metrics: 'all', params: 'all', tags: 'all', inputs: true };

/**
 * Runs of the experiments that meet the filter, newest first unless ordered otherwise. No experiments: no runs.
 * @throws DomainError INVALID_ARGUMENT for a filter, order or page token not understood, saying where
 */
export async function searchRuns(database: ReadSide, metricIds: MetricIds, search: RunSearch): Promise<RunPage> {
  const page = await findPage(database, metricIds, search);
  return { ...page, runs: await loadRuns(database, page.runs, search.load ?? everything) };
}

/** The page of a search without what was logged to its runs. */
export async function findPage(
  database: ReadSide,
  metricIds: MetricIds,
  search: RunSearch,
): Promise<{ runs: RunWithKey[]; nextPageToken?: string }> {
  const order = parseOrder(search.orderBy ?? []);
  const query = await queryOf(metricIds, search, order);
  if (!query) return { runs: [] };
  const { orderMetricsBy = 'last' } = search;
  const asked = [printFilter(query.filter), search.orderBy ?? [], search.view, orderMetricsBy, query.within];
  return await pageOfRuns(database, {
    ...query,
    order,
    orderMetricsBy,
    limit: search.limit,
    pageToken: search.pageToken || undefined,
    question: JSON.stringify(asked),
  });
}

/** How many runs a search would find. */
export async function countRunMatches(database: ReadSide, metricIds: MetricIds, match: RunMatch): Promise<number> {
  const query = await queryOf(metricIds, match, []);
  return query ? await countMatches(database, query) : 0;
}

/**
 * A search as its store takes it; undefined where no experiment is asked about.
 * @throws DomainError INVALID_ARGUMENT for a filter not understood, saying where
 */
export async function queryOf(
  metricIds: MetricIds,
  { experimentIds, filter: written = '', within = [], view }: RunMatch,
  order: readonly SortTerm[],
): Promise<RunQuery | undefined> {
  const filter = parseFilter(written);
  const experiments = experimentNumbers(experimentIds);
  if (experiments.length === 0) return undefined;
  return { experiments, filter, within, view, metricIds: await metricIds.lookUp(metricNames(filter, order)) };
}

/** Putting so many together takes a few milliseconds, which is what others wait. */
const RUNS_AT_ONCE = 100;

/** Adds what was logged to runs. Between some of them and the next, others have their turn, writers above all. */
export async function loadRuns(database: ReadSide, runs: readonly RunWithKey[], load: RunProjection): Promise<Run[]> {
  const loaded: Run[] = [];
  for (let from = 0; from < runs.length; from += RUNS_AT_ONCE) {
    if (from > 0) await nextTurn();
    loaded.push(...(await loadSome(database, runs.slice(from, from + RUNS_AT_ONCE), load)));
  }
  return loaded;
}

async function loadSome(database: ReadSide, runs: readonly RunWithKey[], load: RunProjection): Promise<Run[]> {
  const keys = runs.map((run) => run.key);
  const [metrics, params, tags, inputs] = await Promise.all([
    latestOf(database, keys, load.metrics),
    textsOf(database, 'run_params', keys, load.params),
    textsOf(database, 'run_tags', keys, load.tags),
    inputsOf(database, load.inputs ? keys : []),
  ]);
  return runs.map(({ key, ...info }) => ({
    ...info,
    metrics: metrics.get(key) ?? [],
    params: params.get(key) ?? [],
    tags: tags.get(key) ?? [],
    datasets: inputs.datasets.get(key) ?? [],
    modelInputs: inputs.modelInputs.get(key) ?? [],
    modelOutputs: inputs.modelOutputs.get(key) ?? [],
  }));
}

function experimentNumbers(ids: readonly string[]): number[] {
  return [...new Set(ids.map(experimentNumber).filter((id) => id !== undefined))];
}

function metricNames(filter: Filter, order: readonly SortTerm[]): string[] {
  return [...comparisonsOf(filter), ...order]
    .filter(({ path }) => path.entity === 'metric' || path.entity === 'metrics')
    .map(({ path }) => path.key);
}
