import type { DatasetColumn, ExpectationReport, ExpectationResult, Severity } from '@capstan/api';

/** A result before it is known whether it holds. */
export type Rule = Pick<ExpectationResult, 'rule' | 'column' | 'severity' | 'expected' | 'onFailure'>;

/** Errors put a version into quarantine; warnings do not. */
export function verdictOf(report: ExpectationReport): 'accepted' | 'quarantined' {
  return report.results.some((result) => !result.passed && result.severity === 'error') ? 'quarantined' : 'accepted';
}

/** Rows broke it: a rule that puts them aside has found them as well. */
export function isBroken({ passed: isKept, onFailure, failedRows }: ExpectationResult): boolean {
  return !isKept || (onFailure === 'quarantine_rows' && (failedRows ?? 0) > 0);
}

export function passed(rule: Rule, observed: string): ExpectationResult {
  return { ...rule, passed: true, observed, failedRows: null, examples: [] };
}

export function failed(
  rule: Rule,
  observed: string,
  rows: Pick<ExpectationResult, 'failedRows' | 'examples'> = { failedRows: null, examples: [] },
): ExpectationResult {
  return { ...rule, passed: false, observed, ...rows };
}

/** A rule whose severity nobody chose: it holds for every dataset. */
export function builtIn(rule: string, column: string | null, expected: string): Rule {
  return { rule, column, severity: 'error' satisfies Severity, expected };
}

/** `12 of 27004 rows (0.04 %)`. */
export function countText(count: number, rows: number): string {
  const percent = rows === 0 ? 0 : (100 * count) / rows;
  const shown = percent === 0 || percent >= 0.01 ? percent.toFixed(2).replace(/\.?0+$/, '') : percent.toPrecision(1);
  return `${count} of ${rows} rows (${shown} %)`;
}

/** `at most 5 %`, `none`. */
export function shareText(share: number): string {
  return share === 0 ? 'none' : `at most ${Number((share * 100).toPrecision(6))} % of the rows`;
}

/** `between 1 and 6000`, `at least 1`. */
export function rangeText([low, high]: readonly [number | null, number | null]): string {
  if (low === null) return `at most ${high}`;
  return high === null ? `at least ${low}` : `between ${low} and ${high}`;
}

export function isInRange(value: number, [low, high]: readonly [number | null, number | null]): boolean {
  return (low === null || value >= low) && (high === null || value <= high);
}

export function isNumeric(column: Pick<DatasetColumn, 'type'>): boolean {
  return column.type === 'integer' || column.type === 'number';
}
