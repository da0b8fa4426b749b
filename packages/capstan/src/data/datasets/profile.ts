import type { ColumnProfile, DatasetColumn, DatasetProfile, ShownValue } from '@capstan/api';
import { quoteName, type Analytics, type Cell, type DataFile, type DataRow } from '#ports/analytics';
import { correlate } from './correlations.ts';
import type { ProfiledVersion } from './model.ts';
import { axisOf, presentValue, shownValue, toShown } from './values.ts';

/** Up to so many rows distinct values and quantiles are counted exactly; beyond, sketches do with little memory. */
const MAX_EXACT_ROWS = 5_000_000;
const COLUMNS_PER_SCAN = 50;
const BIN_COUNT = 20;
const TOP_COUNT = 10;
const QUANTILES = '[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]';

export interface ProfileRequest {
  readonly files: readonly DataFile[];
  readonly columns: readonly DatasetColumn[];
  readonly rows: number;
  readonly eventTimeColumn: string | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Describes every column: one scan for all figures, one for the histograms (their bins need the extremes first),
 * one that counts the values of text columns, and one of a share of the rows for what goes together.
 * @throws DomainError INVALID_ARGUMENT when a file's content is damaged
 */
export async function profileFiles(
  analytics: Analytics,
  request: ProfileRequest,
): Promise<ProfiledVersion & { readonly profile: DatasetProfile }> {
  const isExact = request.rows <= MAX_EXACT_ROWS;
  const columns: ColumnProfile[] = [];
  let eventTime: ProfiledVersion['eventTime'] = null;
  for (let start = 0; start < request.columns.length; start += COLUMNS_PER_SCAN) {
    const portion = request.columns.slice(start, start + COLUMNS_PER_SCAN);
    const summaries = await summarise(analytics, request, portion, isExact);
    const histograms = await binAll(analytics, request, summaries);
    const tops = await mostFrequent(analytics, request, portion.filter(isListed));
    for (const summary of summaries) {
      const { column, low, high } = summary;
      if (column.name === request.eventTimeColumn && low !== null && high !== null) eventTime = { min: low, max: high };
      const [histogram = null, top = null] = [histograms.get(column.name), tops.get(column.name)];
      columns.push({ ...profileOf(summary, request.rows), histogram, top });
    }
  }
  const correlations = await correlate((sql) => ask(analytics, request, sql), request.columns, request.rows);
  return { profile: { rows: request.rows, isExact, columns, correlations }, eventTime };
}

interface Summary {
  readonly column: DatasetColumn;
  readonly figures: DataRow;
  /** Least and greatest value on the axis of the histogram; null where the column has none. */
  readonly low: number | null;
  readonly high: number | null;
}

async function summarise(
  analytics: Analytics,
  request: ProfileRequest,
  columns: readonly DatasetColumn[],
  isExact: boolean,
): Promise<Summary[]> {
  const fields = columns.map((column, index) => `${figuresOf(column, isExact)} as c${index}`);
  const [row = {}] = await ask(analytics, request, `select ${fields.join(',\n')} from data`);
  return columns.map((column, index) => {
    const figures = row[`c${index}`] as DataRow;
    return { column, figures, low: finite(figures['low']), high: finite(figures['high']) };
  });
}

/** The figures of one column as a struct. */
function figuresOf(column: DatasetColumn, isExact: boolean): string {
  const value = presentValue(column);
  const distinct = isExact ? `count(distinct ${value})` : `approx_count_distinct(${value})`;
  const fields = [`present: count(${value})`, `distinct_values: ${distinct}`];
  if (column.type !== 'other') fields.push(`least: min(${shownValue(column)})`, `greatest: max(${shownValue(column)})`);
  const axis = axisOf(column);
  if (axis !== undefined) fields.push(`low: min(${axis})`, `high: max(${axis})`);
  if (isNumeric(column)) {
    const quantile = isExact ? 'quantile_cont' : 'approx_quantile';
    // Whole numbers as they are: sorted as doubles they take three times as long.
    const sorted = column.type === 'integer' && isExact ? quoteName(column.name) : axis;
    fields.push(
      `mean: avg(${axis})`,
      `stddev: ${deviationOf(axis)}`,
      `quantiles: ${quantile}(${sorted}, ${QUANTILES})`,
    );
  }
  return `{${fields.join(', ')}}`;
}

/** Squares of greater numbers have no end as doubles, which the engine takes for a failure of the whole scan. */
const MAX_SQUARED = '1e150';

/** Standard deviation, or none where a value is too large for one. */
function deviationOf(axis = 'null'): string {
  const isBounded = `abs(${axis}) < ${MAX_SQUARED}`;
  return `case when bool_and(${isBounded}) then stddev_samp(${axis}) filter (where ${isBounded}) end`;
}

function profileOf({ column, figures }: Summary, rows: number): Omit<ColumnProfile, 'histogram' | 'top'> {
  const quantiles = figures['quantiles'];
  return {
    name: column.name,
    type: column.type,
    missing: rows - Number(figures['present']),
    distinct: Number(figures['distinct_values']),
    min: toShown(figures['least']),
    max: toShown(figures['greatest']),
    mean: finite(figures['mean']),
    stddev: finite(figures['stddev']),
    quantiles: Array.isArray(quantiles) ? quantiles.map(Number) : null,
  };
}

type Histogram = NonNullable<ColumnProfile['histogram']>;

async function binAll(
  analytics: Analytics,
  request: ProfileRequest,
  summaries: readonly Summary[],
): Promise<Map<string, Histogram>> {
  const binned = summaries.flatMap(({ column, low, high }) => {
    const axis = axisOf(column);
    const edges = low === null || high === null ? undefined : edgesBetween(low, high);
    return axis === undefined || edges === undefined ? [] : [{ name: column.name, axis, edges }];
  });
  if (binned.length === 0) return new Map();
  // A bin holds what is above the edge before it and not above its own; the least value falls into the first.
  const fields = binned.map(
    ({ axis, edges }, index) => `map_values(histogram(${axis}, [${edges.slice(1).join(', ')}])) as c${index}`,
  );
  const [row = {}] = await ask(analytics, request, `select ${fields.join(',\n')} from data`);
  return new Map(
    binned.map(({ name, edges }, index) => [
      name,
      { edges, counts: (row[`c${index}`] as Cell[]).slice(0, BIN_COUNT).map(Number) },
    ]),
  );
}

/** Edges of bins of equal width, or undefined where doubles cannot tell them apart. */
function edgesBetween(low: number, high: number): number[] | undefined {
  const top = high > low ? high : low + 1;
  const edges = Array.from({ length: BIN_COUNT + 1 }, (_, index) =>
    index === BIN_COUNT ? top : low + ((top - low) * index) / BIN_COUNT,
  );
  return edges.every((edge, index) => Number.isFinite(edge) && (index === 0 || edge > (edges[index - 1] ?? 0)))
    ? edges
    : undefined;
}

/** The most frequent values of each text column; the order of equal counts is that of the values, so that it is one. */
async function mostFrequent(
  analytics: Analytics,
  request: ProfileRequest,
  columns: readonly DatasetColumn[],
): Promise<Map<string, NonNullable<ColumnProfile['top']>>> {
  const found = new Map(columns.map(({ name }) => [name, [] as NonNullable<ColumnProfile['top']>]));
  if (columns.length === 0) return found;
  const lists = columns.map((column, index) => {
    const value = presentValue(column);
    // Names of ours begin with capstan_: a column of the data may be called anything else.
    return `(select ${index} as capstan_list, to_json(${shownValue(column)}) as capstan_value,
                    count(*) as capstan_count, row_number() over (order by count(*) desc, ${value}) as capstan_place
        from data where ${value} is not null group by ${value} order by capstan_place limit ${TOP_COUNT})`;
  });
  for (const row of await ask(
    analytics,
    request,
    `select * from (${lists.join(' union all ')}) order by capstan_list, capstan_place`,
  )) {
    const name = columns[Number(row['capstan_list'])]?.name ?? '';
    found
      .get(name)
      ?.push({ value: JSON.parse(row['capstan_value'] as string) as ShownValue, count: Number(row['capstan_count']) });
  }
  return found;
}

function ask(analytics: Analytics, { files, signal }: ProfileRequest, sql: string): Promise<DataRow[]> {
  return analytics.query({ tables: { data: files }, sql, ...(signal && { signal }) });
}

function isNumeric({ type }: DatasetColumn): boolean {
  return type === 'integer' || type === 'number';
}

function isListed({ type }: DatasetColumn): boolean {
  return type === 'text' || type === 'boolean';
}

function finite(cell: Cell | undefined): number | null {
  return typeof cell === 'number' && Number.isFinite(cell) ? cell : null;
}
