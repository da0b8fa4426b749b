import { sql, type RawBuilder } from 'kysely';
import type { ReadSide } from '#database';
import type { Aggregation, MetricFilter, MetricPoint, MetricQuestion, MetricView } from './query-metric.ts';
import { SOURCE_RUN } from '../model.ts';

export interface MetricQuery extends Omit<MetricQuestion, 'filters' | 'experimentIds'> {
  readonly experiments: readonly number[];
  readonly filters: readonly MetricFilter[];
}

const sources: Readonly<Record<MetricView, RawBuilder<unknown>>> = {
  TRACES: sql`traces t`,
  SPANS: sql`traces t join spans s on s.trace_key = t.key`,
  ASSESSMENTS: sql`traces t join assessments a on a.trace_key = t.key and a.is_valid = 1`,
};

/** Counts count rows, so that any value that is there does. */
const measures: Readonly<Record<MetricView, Readonly<Record<string, RawBuilder<unknown>>>>> = {
  TRACES: {
    trace_count: sql`1`,
    session_count: sql`t.session_id`,
    latency: sql`t.duration_ms`,
    input_tokens: sql`t.input_tokens`,
    output_tokens: sql`t.output_tokens`,
    total_tokens: sql`t.total_tokens`,
    cache_read_input_tokens: sql`t.cache_read_input_tokens`,
    cache_creation_input_tokens: sql`t.cache_creation_input_tokens`,
  },
  SPANS: {
    span_count: sql`1`,
    latency: sql`((s.ended_ns - s.started_ns) / 1000000)`,
    input_cost: sql`s.input_cost`,
    output_cost: sql`s.output_cost`,
    total_cost: sql`s.total_cost`,
  },
  ASSESSMENTS: { assessment_count: sql`1`, assessment_value: sql`a.value_number` },
};

const dimensionColumns: Readonly<Record<string, RawBuilder<unknown>>> = {
  trace_name: sql`t.name`,
  trace_status: sql`t.status`,
  span_name: sql`s.name`,
  span_type: sql`s.type`,
  span_status: sql`s.status`,
  span_model_name: sql`s.model_name`,
  span_model_provider: sql`s.model_provider`,
  assessment_name: sql`a.name`,
  assessment_value: sql`a.value`,
};

/** The aggregates of each group that has any, in the order of time and dimensions. */
export async function aggregate(database: ReadSide, query: MetricQuery): Promise<MetricPoint[]> {
  const groups = groupsOf(query);
  const names = groups.map((_, index) => sql.ref(`g${index}`));
  const measure = measures[query.view][query.metric] ?? sql`1`;
  const selected = [...groups.map((group, index) => sql`${group} as ${sql.ref(`g${index}`)}`), sql`${measure} as v`];
  const isPresent = [...groups.slice(query.intervalSeconds === undefined ? 0 : 1), measure].map(
    (column) => sql`${column} is not null`,
  );
  const partition = names.length === 0 ? sql`` : sql`partition by ${sql.join(names)}`;
  const grouping = names.length === 0 ? sql`` : sql`group by ${sql.join(names)} order by ${sql.join(names)}`;
  const { rows } = await sql<Record<string, string | number | null>>`
    select ${sql.join([...names, ...query.aggregations.map((aggregation, index) => sql`${aggregated(query, aggregation)} as ${sql.ref(`v${index}`)}`)])}
      from (select x.*, row_number() over (${partition} order by v) as place, count(*) over (${partition}) as size
              from (select ${sql.join(selected)} from ${sources[query.view]}
                     where ${sql.join([...conditionsOf(query), ...isPresent], sql` and `)}) x) y
     ${grouping} limit ${query.limit}`.execute(database.read);
  return rows.flatMap((row) => pointOf(query, row));
}

const traceStart = sql`t.started_at`;
const spanStart = sql`(s.started_ns / 1000000)`;

function groupsOf({ view, intervalSeconds, dimensions }: MetricQuery): RawBuilder<unknown>[] {
  const time = view === 'SPANS' ? spanStart : traceStart;
  const bucketMs = sql.lit((intervalSeconds ?? 1) * 1_000);
  return [
    ...(intervalSeconds === undefined ? [] : [sql`(${time} - ${time} % ${bucketMs})`]),
    ...dimensions.map((dimension) => dimensionColumns[dimension] ?? sql`null`),
  ];
}

function aggregated({ metric }: MetricQuery, { type, percentile = 0 }: Aggregation): RawBuilder<unknown> {
  switch (type) {
    case 'COUNT':
      return metric === 'session_count' ? sql`count(distinct v)` : sql`count(v)`;
    case 'SUM':
      return sql`sum(v)`;
    case 'AVG':
      return sql`avg(v)`;
    case 'MIN':
      return sql`min(v)`;
    case 'MAX':
      return sql`max(v)`;
    case 'PERCENTILE': {
      // Between the two values beside the wanted place, each weighs as much as it is near (Hyndman and Fan's type 7).
      const distance = sql`abs(place - 1 - ${sql.lit(percentile)} / 100.0 * (size - 1))`;
      return sql`sum(case when ${distance} < 1 then v * (1 - ${distance}) else 0 end)`;
    }
  }
}

/** A range of time is one of traces, but for costs: those count when their span began. */
function conditionsOf(query: MetricQuery): RawBuilder<unknown>[] {
  const time = query.view === 'SPANS' && query.metric.endsWith('_cost') ? spanStart : traceStart;
  return [
    sql<unknown>`t.experiment_id in (${sql.join(query.experiments)})`,
    ...(query.from === undefined ? [] : [sql`${time} >= ${query.from}`]),
    ...(query.until === undefined ? [] : [sql`${time} <= ${query.until}`]),
    ...query.filters.map(conditionOf),
  ];
}

function conditionOf({ view, entity, key, value }: MetricFilter): RawBuilder<unknown> {
  if (view === 'TRACES' && entity === 'status') return sql`t.status = ${value}`;
  if (view === 'TRACES') {
    const table = entity === 'tag' ? sql`trace_tags` : sql`trace_metadata`;
    const told = sql`exists (select 1 from ${table} m where m.trace_key = t.key and m.key = ${key ?? ''} and m.value = ${value})`;
    if (entity === 'tag' || key !== SOURCE_RUN) return told;
    return sql`(${told} or exists (select 1 from trace_links l
      where l.trace_key = t.key and l.kind = 'run' and l.target = ${value}))`;
  }
  const columns = {
    SPANS: { name: sql`s.name`, status: sql`s.status`, type: sql`s.type` },
    ASSESSMENTS: { name: sql`a.name`, type: sql`a.kind` },
  } as const;
  const column = (columns[view] as Readonly<Record<string, RawBuilder<unknown>>>)[entity];
  return sql`${column ?? sql`null`} = ${value}`;
}

function pointOf(query: MetricQuery, row: Readonly<Record<string, string | number | null>>): MetricPoint[] {
  const hasTime = query.intervalSeconds !== undefined;
  const dimensions = query.dimensions.map((name, index) => [name, String(row[`g${index + Number(hasTime)}`])] as const);
  const values = query.aggregations.flatMap((aggregation, index) => {
    const value = row[`v${index}`];
    return value === null || value === undefined ? [] : [[labelOf(aggregation), Number(value)] as const];
  });
  if (values.length === 0) return [];
  const bucket = hasTime ? [['time_bucket', isoSeconds(Number(row['g0']))] as const] : [];
  return [{ dimensions: Object.fromEntries([...bucket, ...dimensions]), values: Object.fromEntries(values) }];
}

/** As Python writes the name of an aggregation. */
function labelOf({ type, percentile = 0 }: Aggregation): string {
  if (type !== 'PERCENTILE') return type;
  return `P${Number.isInteger(percentile) ? `${percentile}.0` : percentile}`;
}

/** As Python writes a time in UTC that is at a whole second. */
function isoSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;
}
