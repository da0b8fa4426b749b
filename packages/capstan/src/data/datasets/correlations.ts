import type { DatasetColumn, DatasetProfile } from '@capstan/api';
import type { AskData } from './spread.ts';
import { axisOf } from './values.ts';

type Correlations = NonNullable<DatasetProfile['correlations']>;

const MAX_COLUMNS = 20;
const MAX_ROWS = 50_000;
/** Squares of greater ones have no end in a double, and the engine refuses the whole question. */
const MAX_SIZE = '1e100';
/** Pairs of less are left out. */
const LEAST = 0.1;

/**
 * Pearson's correlation of each pair of numeric columns, over the rows where both have a value; the strongest first. Of large
 * versions every so many a row is taken, which is enough for what somebody looks at: at 50,000 rows its standard error is
 * below 0.005.
 */
export async function correlate(ask: AskData, columns: readonly DatasetColumn[], rows: number): Promise<Correlations> {
  const numeric = columns.filter(({ type }) => type === 'integer' || type === 'number').slice(0, MAX_COLUMNS);
  const step = Math.max(1, Math.ceil(rows / MAX_ROWS));
  const pairs = numeric.flatMap((first, index) => numeric.slice(index + 1).map((second) => [first, second] as const));
  if (pairs.length === 0) return { columns: numeric.map(({ name }) => name), everyRow: step, pairs: [] };
  const sample = numeric
    .map((column, index) => `case when abs(${axisOf(column)}) < ${MAX_SIZE} then ${axisOf(column)} end as x${index}`)
    .join(', ');
  const fields = pairs.map(([first, second], index) => {
    const [a, b] = [`x${numeric.indexOf(first)}`, `x${numeric.indexOf(second)}`];
    return `{r: corr(${a}, ${b}), n: count(*) filter (where ${a} is not null and ${b} is not null)} as c${index}`;
  });
  const place = '(capstan_file * 7 + capstan_row)';
  const [row = {}] = await ask(
    `select ${fields.join(',\n')} from (select ${sample} from data_rows where ${place} % ${step} = 0)`,
  );
  const found = pairs.flatMap(([first, second], index) => {
    const { r, n } = row[`c${index}`] as { readonly r: unknown; readonly n: unknown };
    // A column that never changes has none.
    return typeof r === 'number' && Number.isFinite(r) && Math.abs(r) >= LEAST
      ? [{ columns: [first.name, second.name] as [string, string], r, n: Number(n) }]
      : [];
  });
  return {
    columns: numeric.map(({ name }) => name),
    everyRow: step,
    pairs: found.toSorted((a, b) => Math.abs(b.r) - Math.abs(a.r)),
  };
}
