import type { ExpectationResult, FailedRow } from '@capstan/api';
import { toShown, type LocalFile } from '#data/datasets';
import { quoteName, type Analytics, type Cell, type DataFile, type DataRow } from '#ports/analytics';
import { judgeRows, type FigureRule, type RowRule } from './row-rules.ts';

const MAX_EXAMPLES = 5;
const RULES_PER_SCAN = 200;
const MAX_SHOWN_CHARACTERS = 200;
/** Rows in the order of files and of rows in them, as one number; a file has fewer rows than this. */
const PLACE = 'capstan_file * 1000000000000 + capstan_row';

export interface ScanContext {
  readonly analytics: Analytics;
  readonly files: readonly LocalFile[];
  readonly rows: number;
  /** Columns shown with each example, besides the one the rule is about: what a person finds the row by. */
  readonly contextColumns: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Counts all rules in one scan (of at most 200 rules), and reads the first rows that break those that are broken. */
export async function scanRules(
  context: ScanContext,
  rowRules: readonly RowRule[],
  figureRules: readonly FigureRule[],
): Promise<ExpectationResult[]> {
  const results: ExpectationResult[] = [];
  for (let start = 0; start < rowRules.length; start += RULES_PER_SCAN) {
    const portion = rowRules.slice(start, start + RULES_PER_SCAN);
    const figures = start === 0 ? figureRules : [];
    const row = await count(context, portion, figures);
    const counts = portion.map((_rule, index) => Number(row[`count${index}`]));
    const examples = await readExamples(
      context,
      portion.filter((_rule, index) => counts[index] !== 0),
    );
    for (const [index, rule] of portion.entries())
      results.push(judgeRows(rule, counts[index] ?? 0, context.rows, examples.get(rule) ?? []));
    results.push(...judgeFigures(figures, row));
  }
  if (rowRules.length === 0 && figureRules.length > 0)
    results.push(...judgeFigures(figureRules, await count(context, [], figureRules)));
  return results;
}

function judgeFigures(figures: readonly FigureRule[], row: DataRow): ExpectationResult[] {
  return figures.map((figure, index) => figure.judge(figure.rule, row[`figure${index}`]));
}

async function count(
  context: ScanContext,
  rowRules: readonly RowRule[],
  figureRules: readonly FigureRule[],
): Promise<DataRow> {
  const fields = rowRules.map(({ violation }, index) => `count_if(${violation}) as count${index}`);
  fields.push(...figureRules.map(({ figure }, index) => `${figure} as figure${index}`));
  const [row = {}] = await ask(context, `select ${fields.join(',\n')} from data_rows`);
  return row;
}

/** Gathering examples costs a row many times what counting it does: only rows that break a rule are looked at. */
async function readExamples(
  context: ScanContext,
  broken: readonly RowRule[],
): Promise<ReadonlyMap<RowRule, FailedRow[]>> {
  if (broken.length === 0) return new Map();
  const fields = broken.map(
    (rule, index) => `${firstRows(shownOf(context, rule))} filter (where ${rule.violation}) as examples${index}`,
  );
  const anyBroken = broken.map(({ violation }) => `(${violation})`).join(' or ');
  const [row = {}] = await ask(context, `select ${fields.join(',\n')} from data_rows where ${anyBroken}`);
  return new Map(
    broken.map((rule, index) => [rule, toExamples(context, shownOf(context, rule), row[`examples${index}`])]),
  );
}

/** SQL that is true for a row with a value in one of these columns. */
function isNamed(columns: readonly string[]): string {
  return `coalesce(${columns.map((name) => `cast(${quoteName(name)} as varchar)`).join(', ')}) is not null`;
}

/** SQL that is true for a row that repeats what an earlier row has in these columns. */
export function repeats(columns: readonly string[]): string {
  return `(${isNamed(columns)} and row_number() over (partition by ${columns.map(quoteName).join(', ')} order by ${PLACE}) > 1)`;
}

/** SQL that is true for a row whose value does not occur in a column of the table `reference`. */
export function isStranger(
  column: string,
  comparedAs: ComparedAs,
  reference: { table: string; column: string },
): string {
  const value = `cast(${quoteName(column)} as ${comparedAs})`;
  const known = `cast(${reference.table}.${quoteName(reference.column)} as ${comparedAs})`;
  return `(${value} is not null and ${value} not in (select ${known} from ${reference.table} where ${known} is not null))`;
}

export type ComparedAs = 'double' | 'varchar';

/** Rows that repeat what an earlier row has in these columns; rows where all of them are missing are left out. */
export async function findRepeats(
  context: ScanContext,
  columns: readonly string[],
): Promise<Pick<ExpectationResult, 'examples'> & { readonly count: number }> {
  const names = columns.map(quoteName).join(', ');
  const shown = [...new Set([...columns, ...context.contextColumns])];
  const named = isNamed(columns);
  // Counted first, which reads these columns only: where nothing repeats there is no row to show.
  const [counted = {}] = await ask(
    context,
    `select cast(coalesce(sum(n - 1), 0) as bigint) as count
       from (select count(*) as n from data where ${named} group by ${names})`,
  );
  if (Number(counted['count']) === 0) return { count: 0, examples: [] };
  const [row = {}] = await ask(
    context,
    `select count(*) as count, ${firstRows(shown)} as examples from (
       select *, row_number() over (partition by ${names} order by ${PLACE}) as capstan_repeat
         from data_rows where ${named}
     ) where capstan_repeat > 1`,
  );
  return { count: Number(row['count']), examples: toExamples(context, shown, row['examples']) };
}

/** Rows whose value does not occur in a column of another dataset. Values are compared as numbers where both are. */
export async function findStrangers(
  context: ScanContext,
  column: string,
  comparedAs: ComparedAs,
  reference: { readonly files: readonly DataFile[]; readonly column: string },
): Promise<Pick<ExpectationResult, 'examples'> & { readonly count: number }> {
  const shown = shownColumns(context, column);
  // Qualified: both tables may have a column of that name, and the inner one would win.
  const value = `cast(data_rows.${quoteName(column)} as ${comparedAs})`;
  const known = `cast(reference.${quoteName(reference.column)} as ${comparedAs})`;
  const [row = {}] = await ask(
    context,
    `select count(*) as count, ${firstRows(shown)} as examples from data_rows
      where ${value} is not null and not exists (select 1 from reference where ${known} = ${value})`,
    { reference: reference.files },
  );
  return { count: Number(row['count']), examples: toExamples(context, shown, row['examples']) };
}

function ask(
  context: ScanContext,
  sql: string,
  more: Readonly<Record<string, readonly DataFile[]>> = {},
): Promise<DataRow[]> {
  const { analytics, files, signal } = context;
  return analytics.query({ tables: { data: files, ...more }, sql, ...(signal && { signal }) });
}

/** SQL of the first rows of a group, as structs of place and values. */
function firstRows(shown: readonly string[]): string {
  const values = shown.map((name, index) => `v${index} := ${quoteName(name)}`);
  const fields = ['file := capstan_file', 'place := capstan_row', ...values];
  return `arg_min(struct_pack(${fields.join(', ')}), ${PLACE}, ${MAX_EXAMPLES})`;
}

function shownColumns({ contextColumns }: ScanContext, column: string | null): string[] {
  return [...new Set([...(column === null ? [] : [column]), ...contextColumns])];
}

function shownOf(context: ScanContext, { rule, shown }: RowRule): string[] {
  return shown ? [...new Set([...shown, ...context.contextColumns])] : shownColumns(context, rule.column);
}

function toExamples({ files }: ScanContext, shown: readonly string[], cell: Cell | undefined): FailedRow[] {
  if (!Array.isArray(cell)) return [];
  return (cell as readonly DataRow[]).map((example) => ({
    file: files[Number(example['file'])]?.place ?? '',
    row: Number(example['place']),
    values: Object.fromEntries(shown.map((name, index) => [name, shorten(toShown(example[`v${index}`]))])),
  }));
}

function shorten(value: FailedRow['values'][string]): FailedRow['values'][string] {
  return typeof value === 'string' && value.length > MAX_SHOWN_CHARACTERS
    ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…`
    : value;
}
