import {
  floatText,
  relativePath,
  type FlatValue,
  type Repository,
  type ValueProblem,
  type ValuesDiff,
} from '#repository';
import { markdownTable } from './markdown-table.ts';
import { table, oneLine, type Terminal } from './terminal.ts';
import { invalid } from '#kernel/errors';

const DEFAULT_PRECISION = 5;
const ABSENT = '-';

/** @throws DomainError INVALID_ARGUMENT */
export function precisionOf(text: string | undefined): number {
  const digits = text === undefined ? DEFAULT_PRECISION : Number(text);
  if (Number.isInteger(digits) && digits >= 0 && digits <= 100 && text?.trim() !== '') return digits;
  throw invalid(`--precision takes a number of digits from 0 to 100, not '${text}'`, { field: '--precision' });
}

/** @param precision digits behind the point; undefined for all of them */
export function shownValue(value: FlatValue | undefined, precision?: number): string {
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === 'number') return floatText(precision === undefined ? value : rounded(value, precision));
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

function rounded(value: number, digits: number): number {
  return Number.isFinite(value) && Math.abs(value) < 1e21 ? Number(value.toFixed(digits)) : value;
}

export interface DiffTable {
  /** Of the column of names: Param, Metric. */
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly hasPath: boolean;
  readonly hasChange: boolean;
  readonly precision?: number;
  readonly isMarkdown: boolean;
}

export function diffTable(repository: Pick<Repository, 'here'>, { files }: ValuesDiff, how: DiffTable): string {
  const header = [...(how.hasPath ? ['Path'] : []), how.title, how.from, how.to, ...(how.hasChange ? ['Change'] : [])];
  const rows = [...files].flatMap(([file, changes]) =>
    [...changes].map(([name, change]) => [
      ...(how.hasPath ? [relativePath(repository, file)] : []),
      name,
      shownValue(change.old, how.precision),
      shownValue(change.new, how.precision),
      ...(how.hasChange ? [shownValue(change.diff, how.precision)] : []),
    ]),
  );
  return textTable(header, rows, how.isMarkdown);
}

export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  isMarkdown: boolean,
): string {
  if (isMarkdown) return markdownTable(header, rows);
  return table(
    header,
    rows.map((row) => row.map((cell) => oneLine(cell))),
  );
}

/** By file and name, as `dvc … diff --json` has it. */
export function diffJson(repository: Pick<Repository, 'here'>, { files }: ValuesDiff): unknown {
  return new Map([...files].map(([file, changes]) => [relativePath(repository, file), changes]));
}

export function tellProblems(terminal: Terminal, problems: readonly ValueProblem[]): void {
  for (const { state, file, error } of problems) {
    const where = file === undefined ? `the files of ${state}` : `${file} of ${state}`;
    terminal.err(`capstan: ${where} could not be read: ${error.message}`);
  }
}
