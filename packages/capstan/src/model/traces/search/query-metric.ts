import type { ReadSide } from '#database';
import { invalid } from '#kernel/errors';
import type { KeyPath } from '#kernel/filter/ast';
import { parseFilter } from '#kernel/filter/parse-filter';
import { aggregate } from './metric.store.ts';

export const metricViews = ['TRACES', 'SPANS', 'ASSESSMENTS'] as const;
export type MetricView = (typeof metricViews)[number];
export const aggregationTypes = ['COUNT', 'SUM', 'AVG', 'PERCENTILE', 'MIN', 'MAX'] as const;
export type AggregationType = (typeof aggregationTypes)[number];

export interface Aggregation {
  readonly type: AggregationType;
  /** From 0 to 100, for a percentile. */
  readonly percentile?: number | undefined;
}

export interface MetricQuestion {
  readonly experimentIds: readonly string[];
  readonly view: MetricView;
  readonly metric: string;
  readonly aggregations: readonly Aggregation[];
  readonly dimensions: readonly string[];
  /** One clause each, e.g. `trace.status = 'OK'`. */
  readonly filters: readonly string[];
  readonly intervalSeconds?: number | undefined;
  /** Both ends are meant, in milliseconds. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
}

export interface MetricPoint {
  readonly dimensions: Readonly<Record<string, string>>;
  /** By aggregation: `COUNT`, `P95.0` … */
  readonly values: Readonly<Record<string, number>>;
}

/** A clause of a metric's filter: what of which view equals which text. */
export interface MetricFilter {
  readonly view: MetricView;
  readonly entity: string;
  readonly key: string | undefined;
  readonly value: string;
}

interface MetricRules {
  readonly aggregations: readonly AggregationType[];
  readonly dimensions: readonly string[];
}

const spread = ['AVG', 'MAX', 'MIN', 'PERCENTILE'] as const;
const amount = ['AVG', 'MAX', 'MIN', 'PERCENTILE', 'SUM'] as const;
const byName: MetricRules = { aggregations: amount, dimensions: ['trace_name'] };
const byModel: MetricRules = { aggregations: amount, dimensions: ['span_model_name', 'span_model_provider'] };

/** What may be asked of each view. Source: MLflow 3.17's `traces/metrics`. */
const rules: Readonly<Record<MetricView, Readonly<Record<string, MetricRules>>>> = {
  TRACES: {
    trace_count: { aggregations: ['COUNT'], dimensions: ['trace_name', 'trace_status'] },
    session_count: { aggregations: ['COUNT'], dimensions: [] },
    latency: { aggregations: spread, dimensions: ['trace_name'] },
    input_tokens: byName,
    output_tokens: byName,
    total_tokens: byName,
    cache_read_input_tokens: byName,
    cache_creation_input_tokens: byName,
  },
  SPANS: {
    span_count: {
      aggregations: ['COUNT'],
      dimensions: ['span_model_name', 'span_model_provider', 'span_name', 'span_status', 'span_type'],
    },
    latency: { aggregations: spread, dimensions: ['span_name', 'span_status'] },
    input_cost: byModel,
    output_cost: byModel,
    total_cost: byModel,
  },
  ASSESSMENTS: {
    assessment_count: { aggregations: ['COUNT'], dimensions: ['assessment_name', 'assessment_value'] },
    assessment_value: { aggregations: spread, dimensions: ['assessment_name'] },
  },
};

const filterViews: Readonly<Record<string, { view: MetricView; entities: Readonly<Record<string, boolean>> }>> = {
  trace: { view: 'TRACES', entities: { status: false, tag: true, metadata: true } },
  span: { view: 'SPANS', entities: { name: false, status: false, type: false } },
  assessment: { view: 'ASSESSMENTS', entities: { name: false, type: false } },
};

/** @throws DomainError INVALID_ARGUMENT for what cannot be asked of the metric */
export async function queryMetric(
  database: ReadSide,
  experiments: readonly number[],
  question: MetricQuestion,
): Promise<MetricPoint[]> {
  refuseUnknown(question);
  const filters = question.filters.map(parseMetricFilter);
  for (const { view } of filters) {
    if (view === 'TRACES' || view === question.view) continue;
    throw invalid(`Filtering by ${view.toLowerCase().slice(0, -1)} is only supported for ${view} view type`, {
      field: 'filters',
    });
  }
  if (experiments.length === 0) return [];
  return await aggregate(database, { ...question, experiments, filters });
}

function refuseUnknown({ view, metric, aggregations, dimensions, intervalSeconds, from, until }: MetricQuestion): void {
  const known = Object.hasOwn(rules[view], metric) ? rules[view][metric] : undefined;
  if (!known) {
    throw invalid(`metric_name must be one of ${listed(Object.keys(rules[view]))}, got '${metric}'`, {
      field: 'metric_name',
    });
  }
  const wrong = aggregations.map(({ type }) => type).filter((type) => !known.aggregations.includes(type));
  if (wrong.length > 0) {
    throw invalid(
      `Found invalid aggregation_type(s): ${listed(wrong)}. Supported aggregation types: ${listed(known.aggregations)}`,
      { field: 'aggregations' },
    );
  }
  const other = dimensions.filter((dimension) => !known.dimensions.includes(dimension));
  if (other.length > 0) {
    throw invalid(`Found invalid dimension(s): ${listed(other)}. Supported dimensions: ${listed(known.dimensions)}`, {
      field: 'dimensions',
    });
  }
  for (const { type, percentile } of aggregations) {
    const isGiven = percentile !== undefined && percentile >= 0 && percentile <= 100;
    if ((type === 'PERCENTILE') === isGiven) continue;
    throw invalid('percentile_value is a number from 0 to 100, for the aggregation PERCENTILE only', {
      field: 'aggregations.percentile_value',
    });
  }
  if (intervalSeconds !== undefined && (from === undefined || until === undefined)) {
    throw invalid('start_time_ms and end_time_ms are required if time_interval_seconds is set', {
      field: 'start_time_ms',
    });
  }
  if (intervalSeconds !== undefined && (intervalSeconds < 1 || intervalSeconds > 1e10)) {
    throw invalid('time_interval_seconds must be at least 1', { field: 'time_interval_seconds' });
  }
}

/** One clause, `=` only. @throws DomainError INVALID_ARGUMENT */
function parseMetricFilter(source: string): MetricFilter {
  const clause = parseFilter(source);
  if (clause.kind !== 'comparison') throw refusal(`Invalid filter: '${source}'. Expected one filter clause.`);
  const { view, entity, key } = placeOf(clause.path);
  if (clause.operator !== '=') {
    throw refusal(`Invalid comparator: '${clause.operator}', only '=' operator is supported`);
  }
  if (clause.value.kind !== 'string') {
    throw refusal(`Expected a quoted string value for ${entity} value (e.g. 'my-value').`);
  }
  return { view, entity, key, value: clause.value.text };
}

function placeOf(path: KeyPath): Omit<MetricFilter, 'value'> {
  // A quoted key comes apart from its path: trace.tag.`a b`.
  const parts = path.entity === undefined ? [path.key] : [...path.entity.split('.'), path.key];
  const [view = '', ...rest] = parts.length > 2 ? parts : parts.flatMap((part) => splitOnce(part));
  const known = Object.hasOwn(filterViews, view) ? filterViews[view] : undefined;
  const [entity = '', ...keys] = rest.flatMap((part, index) => (index === 0 ? splitOnce(part) : [part]));
  const key = keys.length === 0 ? undefined : keys.join('.');
  if (known && entity !== '' && !Object.hasOwn(known.entities, entity)) {
    throw refusal(
      `Invalid entity '${entity}' specified for view type '${view}'. ` +
        `Valid entities are ${listed(Object.keys(known.entities))}`,
    );
  }
  if (!known || entity === '') {
    throw refusal(
      `Invalid identifier '${parts.join('.')}'. Columns should be specified as ` +
        "'trace.<key>', 'span.<key>', 'assessment.<key>'.",
    );
  }
  if (known.entities[entity] !== (key !== undefined)) {
    throw refusal(
      known.entities[entity]
        ? `Filtering by ${entity} requires a key, e.g. '${view}.${entity}.<key> = <value>'`
        : `Filtering by ${entity} does not require a key, use '${view}.${entity}' instead`,
    );
  }
  return { view: known.view, entity, key };
}

function splitOnce(text: string): string[] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

function listed(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}

function refusal(message: string) {
  return invalid(message, { field: 'filters' });
}
