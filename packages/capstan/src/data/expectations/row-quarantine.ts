import type { ColumnExpectation, ExpectationSuite, OnFailure, RowCheck } from '@capstan/api';
import type { RowCondition } from '#data/datasets';
import { shareText, type Rule } from './model.ts';

// Rules marked `on_failure: quarantine_rows`: rows that break them are put aside, and do not stop the version.

type Marked = Pick<ColumnExpectation, 'on_failure'>;

/** The mark of a rule as its results carry it. */
export function markOf({ on_failure: mark }: Marked, rule: string): Pick<Rule, 'onFailure'> {
  const own: OnFailure | undefined = typeof mark === 'object' ? mark[rule] : mark;
  return own === 'quarantine_rows' ? { onFailure: own } : {};
}

/** Greatest share of rows that may break a rule; where they are put aside, all that the limits of the suite allow. */
export function mostBroken(asked: Pick<RowCheck, 'violations_max'>, rule: Pick<Rule, 'onFailure'>): number {
  return asked.violations_max ?? (isRowRule(rule) ? 1 : 0);
}

/** What is said of rows beyond the rule. */
export function othersText(asked: Pick<RowCheck, 'violations_max'>, rule: Pick<Rule, 'onFailure'>): string {
  const limit = asked.violations_max ? shareText(asked.violations_max) : undefined;
  if (isRowRule(rule)) return `; others are put aside${limit === undefined ? '' : `, ${limit}`}`;
  return limit === undefined ? '' : `; others: ${limit}`;
}

export function isRowRule({ onFailure }: Pick<Rule, 'onFailure'>): boolean {
  return onFailure === 'quarantine_rows';
}

export function conditionOf(rule: Rule, violation: string, tables?: RowCondition['tables']): RowCondition[] {
  if (!isRowRule(rule)) return [];
  const { rule: name, column, expected } = rule;
  return [{ rule: name, column, expected, violation, ...(tables && { tables }) }];
}

/** Most rows of so many that a suite lets be put aside. */
export function mostRowsAside({ quarantine }: ExpectationSuite, rows: number): number {
  return Math.min(Math.floor(quarantine.share_max * rows), quarantine.rows_max ?? rows);
}

/** The limits as people read them. */
export function limitsText({ quarantine: { share_max: share, rows_max: rows } }: ExpectationSuite): string {
  const shares = share === 0 ? 'no row' : shareText(share);
  return `${shares}${rows === undefined ? '' : ` and at most ${rows} rows`} put aside`;
}
