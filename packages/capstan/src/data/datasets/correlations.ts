import type { DatasetColumn, DatasetProfile } from '@capstan/api';
import type { AskData } from './spread.ts';
import { quoteName } from '#ports/analytics';

type Correlations = NonNullable<DatasetProfile['correlations']>;

const MAX_COLUMNS = 20;
const MAX_ROWS = 20_000;
/** Squares of greater ones have no end in a double, and the engine refuses the whole question. */
const MAX_SIZE = '1e100';
/** Pairs of less are left out. */
const LEAST = 0.1;

/**
 * Pearson's correlation of each pair of numeric columns, over the rows where both have a value; the strongest first. Of large
 * versions every so many a row is taken, which is enough for what somebody looks at: at 20,000 rows its standard error is
 * below 0.008.
 */
export async function correlate(ask: AskData, columns: readonly DatasetColumn[], rows: number): Promise<Correlations> {
  const numeric = columns.filter(({ type }) => type === 'integer' || type === 'number').slice(0, MAX_COLUMNS);
  const step = Math.max(1, Math.ceil(rows / MAX_ROWS));
  const pairs = numeric.flatMap((first, index) => numeric.slice(index + 1).map((second) => [first, second] as const));
  if (pairs.length === 0) return { columns: numeric.map(({ name }) => name), everyRow: step, pairs: [] };
  const sample = numeric.map((column, index) => `${boundedOf(column)} as x${index}`).join(', ');
  const fields = pairs.map(([first, second], index) => {
    const [a, b] = [`x${numeric.indexOf(first)}`, `x${numeric.indexOf(second)}`];
    return `corr(${a}, ${b}) as r${index}, regr_count(${a}, ${b}) as n${index}`;
  });
  const place = '(capstan_file * 7 + capstan_row)';
  const [row = {}] = await ask(
    `select ${fields.join(',\n')} from (select ${sample} from data_rows where ${place} % ${step} = 0)`,
  );
  const found = pairs.flatMap(([first, second], index) => {
    const [r, n] = [row[`r${index}`], row[`n${index}`]];
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

/** The value as a double, or none where its square would have no end. */
function boundedOf({ name, type }: DatasetColumn): string {
  const value = `cast(${quoteName(name)} as double)`;
  return type === 'integer' ? value : `case when abs(${value}) < ${MAX_SIZE} then ${value} end`;
}
