import type { DatasetColumn } from '@capstan/api';
import type { FrozenBins } from '#kernel/statistics/binning';
import { quoteName, quoteText, type Cell, type DataRow } from '#ports/analytics';
import { axisOf } from './values.ts';

// How a column is spread, over bins frozen from a reference: what two versions are compared by. Counted in the engine, with
// the bins and their order of kernel/statistics/binning: no row comes into this process.

const BINS = 10;
const CATEGORIES = 50;
const SHARES = Array.from({ length: BINS }, (_, index) => (index + 1) / BINS);

/** Asks the engine about the table `data`, which holds the version. */
export type AskData = (sql: string) => Promise<DataRow[]>;

export interface ColumnBins {
  readonly column: DatasetColumn;
  readonly bins: FrozenBins;
}

/** Numbers and instants have bins by quantiles; text and booleans by their most frequent values. Others have no spread. */
export function hasSpread({ type }: DatasetColumn): boolean {
  return type !== 'other' && type !== 'time';
}

/** Freezes bins of each column that has a spread; a column without any value gets no bins of values. */
export async function freezeBins(ask: AskData, columns: readonly DatasetColumn[]): Promise<ColumnBins[]> {
  const wanted = columns.filter(hasSpread);
  const numeric = wanted.flatMap((column) => {
    const axis = axisOf(column);
    return axis === undefined ? [] : [{ name: column.name, axis }];
  });
  const edges = new Map<string, FrozenBins>();
  if (numeric.length > 0) {
    const fields = numeric.map(
      ({ axis }, index) => `{low: min(${axis}), edges: quantile_disc(${axis}, [${SHARES.join(', ')}])} as c${index}`,
    );
    const [row = {}] = await ask(`select ${fields.join(',\n')} from data`);
    for (const [index, { name }] of numeric.entries()) {
      const found = row[`c${index}`] as { readonly low: Cell; readonly edges: readonly Cell[] | null };
      const upperEdges = [...new Set((found.edges ?? []).map(Number))];
      edges.set(name, { kind: 'numeric', minimum: found.low === null ? null : Number(found.low), upperEdges });
    }
  }
  const frequent = await frequentValues(
    ask,
    wanted.filter(({ name }) => !edges.has(name)),
  );
  return wanted.map((column) => ({
    column,
    bins: edges.get(column.name) ?? { kind: 'categories', categories: frequent.get(column.name) ?? [] },
  }));
}

/** Rows in each bin of each column, in the order of `binLabels`. `rows`: of the table, to tell what is missing. */
export async function countBins(ask: AskData, columns: readonly ColumnBins[], rows: number): Promise<number[][]> {
  const fields = columns.map(({ column, bins }, index) => {
    const axis = axisOf(column);
    if (bins.kind === 'categories' || axis === undefined) return `{n: count(${textOf(column)})} as c${index}`;
    const below = bins.minimum === null ? '0' : `count(*) filter (where ${axis} < ${bins.minimum})`;
    const histogram =
      bins.upperEdges.length === 0 ? '[]' : `map_values(histogram(${axis}, [${bins.upperEdges.join(', ')}]))`;
    return `{n: count(${axis}), below: ${below}, bins: ${histogram}} as c${index}`;
  });
  if (columns.length === 0) return [];
  const [row = {}] = await ask(`select ${fields.join(',\n')} from data`);
  const categories = await countCategories(ask, columns);
  return columns.map(({ column, bins }, index) => {
    const found = row[`c${index}`] as { readonly n: Cell; readonly below?: Cell; readonly bins?: readonly Cell[] };
    const present = Number(found.n);
    const missing = rows - present;
    if (bins.kind === 'categories') {
      const counts = bins.categories.map((category) => categories.get(column.name)?.get(category) ?? 0);
      return [...counts, present - sum(counts), missing];
    }
    const below = Number(found.below ?? 0);
    // The engine's first bin has no lower end, and its last is what lies above all edges.
    const inside = bins.upperEdges.map((_, bin) => Number(found.bins?.[bin] ?? 0) - (bin === 0 ? below : 0));
    return [below, ...inside, present - below - sum(inside), missing];
  });
}

async function frequentValues(ask: AskData, columns: readonly DatasetColumn[]): Promise<Map<string, string[]>> {
  const found = new Map(columns.map(({ name }) => [name, [] as string[]]));
  if (columns.length === 0) return found;
  const lists = columns.map((column, index) => {
    const text = textOf(column);
    return `(select ${index} as list, ${text} as value, row_number() over (order by count(*) desc, ${text}) as place
        from data where ${text} is not null group by ${text} order by place limit ${CATEGORIES})`;
  });
  for (const row of await ask(`select * from (${lists.join(' union all ')}) order by list, place`))
    found.get(columns[Number(row['list'])]?.name ?? '')?.push(row['value'] as string);
  return found;
}

async function countCategories(
  ask: AskData,
  columns: readonly ColumnBins[],
): Promise<Map<string, Map<string, number>>> {
  const listed = columns.flatMap(({ column, bins }) =>
    bins.kind === 'categories' && bins.categories.length > 0 ? [{ column, categories: bins.categories }] : [],
  );
  const found = new Map(listed.map(({ column }) => [column.name, new Map<string, number>()]));
  if (listed.length === 0) return found;
  const lists = listed.map(({ column, categories }, index) => {
    const text = textOf(column);
    return `select ${index} as list, ${text} as value, count(*) as n from data
             where ${text} in (${categories.map(quoteText).join(', ')}) group by ${text}`;
  });
  for (const row of await ask(lists.join(' union all ')))
    found.get(listed[Number(row['list'])]?.column.name ?? '')?.set(row['value'] as string, Number(row['n']));
  return found;
}

function textOf({ name }: DatasetColumn): string {
  return `cast(${quoteName(name)} as varchar)`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
