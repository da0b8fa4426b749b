import {
  formatDuration,
  type DatasetColumn,
  type DatasetVersion,
  type ExpectationResult,
  type ExpectationSuite,
} from '@capstan/api';
import { presentValue, type LocalFile, type ProfiledVersion, type RowCondition } from '#data/datasets';
import { DomainError } from '#kernel/errors';
import type { Analytics, DataFile } from '#ports/analytics';
import { scanChecksAlone, understoodChecks } from './check-rules.ts';
import { distributionResults, type ReferenceVersion } from './distribution-rules.ts';
import { sameColumns, sameTypes } from './file-rules.ts';
import { builtIn, failed, passed, type Rule } from './model.ts';
import { referenceRules, uniqueRules } from './related-rows.ts';
import { conditionOf, markOf, mostBroken } from './row-quarantine.ts';
import { columnRules, type ColumnRules, type FigureRule, type RowRule } from './row-rules.ts';
import { scanRules, type ScanContext } from './scan.ts';

export interface Evaluation {
  readonly version: DatasetVersion;
  readonly files: readonly LocalFile[];
  readonly profiled: ProfiledVersion;
  readonly suite: ExpectationSuite;
  /** Columns that together name one row; empty where none are declared. */
  readonly key: readonly string[];
  /** Milliseconds, for freshness. */
  readonly now: number;
  readonly analytics: Analytics;
  /** Files and columns of the latest accepted version of a dataset of the project. */
  reference(
    dataset: string,
  ): Promise<{ readonly files: readonly DataFile[]; readonly columns: readonly DatasetColumn[] } | undefined>;
  /** A version of the same dataset by its number, or the latest accepted one; undefined where it is not there. */
  referenceVersion(which: number | 'accepted'): Promise<ReferenceVersion | undefined>;
  readonly signal?: AbortSignal | undefined;
}

/** What is judged of a version. */
export interface Judgement {
  readonly results: ExpectationResult[];
  /** Of marked rules: what a row is put aside for. */
  readonly conditions: RowCondition[];
}

/** Checks a version against what holds for every dataset and what its suite asks for. */
export async function evaluate(evaluation: Evaluation): Promise<Judgement> {
  try {
    return await judge(evaluation, new Map());
  } catch (error) {
    evaluation.signal?.throwIfAborted();
    if (!isRefused(error)) throw error;
    const faults = await patternFaults(evaluation);
    if (faults.size === 0) throw error;
    return await judge(evaluation, faults);
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'INVALID_ARGUMENT';
}

/** Patterns of `faults` are told as broken rules, with the reason, and not looked for. */
async function judge(evaluation: Evaluation, faults: ReadonlyMap<string, string>): Promise<Judgement> {
  const { version, files, suite } = evaluation;
  const has = (name: string) => version.columns.some((column) => column.name === name);
  const context: ScanContext = {
    analytics: evaluation.analytics,
    files,
    rows: version.rows,
    contextColumns: [
      ...new Set([...evaluation.key, ...(version.eventTimeColumn === null ? [] : [version.eventTimeColumn])]),
    ].filter(has),
    signal: evaluation.signal,
  };
  const results = [...sameColumns(files, version.columns, version.rows), ...sameTypes(files, version.columns)];
  const rowRules: RowRule[] = [];
  eventTimeRules(evaluation, rowRules, results);
  const columnwise = rulesOfColumns(evaluation, faults);
  rowRules.push(...columnwise.rowRules);
  results.push(...columnwise.results);
  const checks = await understoodChecks(context, suite.checks, version.columns);
  results.push(...checks.results, ...(await tableResults(evaluation)));
  results.push(...(await scanAll(context, { rowRules, checks: checks.rules, figureRules: columnwise.figureRules })));
  const unique = await uniqueRules(evaluation, context);
  const references = await referenceRules(evaluation, context);
  results.push(...unique.results, ...references.results);
  const { columns, rows } = version;
  results.push(...(await distributionResults({ ...evaluation, columns, rows }, suite.columns)));
  const inRow = [...rowRules, ...checks.rules].flatMap(({ rule, violation }) => conditionOf(rule, violation));
  return { results, conditions: [...inRow, ...unique.conditions, ...references.conditions] };
}

function rulesOfColumns({ version, suite }: Evaluation, faults: ReadonlyMap<string, string>): ColumnRules {
  const all = Object.entries(suite.columns).map(([name, asked]): ColumnRules => {
    const column = version.columns.find((candidate) => candidate.name === name);
    const named = (rule: string, expected: string): Rule => ({
      rule,
      column: name,
      severity: asked.severity,
      expected,
    });
    if (!column) {
      const missing = failed(named('present', 'in the data'), 'no such column', {
        failedRows: version.rows,
        examples: [],
      });
      return { rowRules: [], figureRules: [], results: [missing] };
    }
    const fault = asked.pattern === undefined ? undefined : faults.get(asked.pattern);
    if (fault === undefined) return columnRules(column, asked);
    const rules = columnRules(column, { ...asked, pattern: undefined });
    return { ...rules, results: [failed(named('pattern', 'a regular expression'), fault), ...rules.results] };
  });
  return {
    rowRules: all.flatMap(({ rowRules }) => rowRules),
    figureRules: all.flatMap(({ figureRules }) => figureRules),
    results: all.flatMap(({ results }) => results),
  };
}

interface Scanned {
  readonly rowRules: readonly RowRule[];
  readonly checks: readonly RowRule[];
  readonly figureRules: readonly FigureRule[];
}

/** All in one scan; where a statement of the suite stops it, the others are counted without the statements. */
async function scanAll(context: ScanContext, { rowRules, checks, figureRules }: Scanned): Promise<ExpectationResult[]> {
  try {
    return await scanRules(context, [...rowRules, ...checks], figureRules);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (checks.length === 0 || (error instanceof DomainError && !isRefused(error))) throw error;
    return [...(await scanRules(context, rowRules, figureRules)), ...(await scanChecksAlone(context, checks))];
  }
}

/** Without its event time, a row would be in no window and in no cut. */
function eventTimeRules({ version, suite }: Evaluation, rowRules: RowRule[], results: ExpectationResult[]): void {
  const name = version.eventTimeColumn;
  if (name === null) return;
  const rule = builtIn('event_time', name, 'a date or an instant in every row');
  const mark = markOf(suite.table, 'event_time');
  const column = version.columns.find((candidate) => candidate.name === name);
  if (!column) results.push(failed(rule, 'no such column', { failedRows: version.rows, examples: [] }));
  else if (column.type !== 'timestamp' && column.type !== 'date')
    results.push(failed(rule, `the column holds a ${column.type}`));
  else
    rowRules.push({
      rule: { ...rule, ...mark },
      violation: `${presentValue(column)} is null`,
      maxShare: mostBroken({}, mark),
    });
}

/** Why patterns of the suite are none, by pattern; DuckDB alone knows what it takes for a regular expression. */
async function patternFaults({ analytics, suite }: Evaluation): Promise<ReadonlyMap<string, string>> {
  const faults = new Map<string, string>();
  for (const { pattern } of Object.values(suite.columns)) {
    if (pattern === undefined || faults.has(pattern)) continue;
    try {
      const sql = `select regexp_full_match('', $pattern) as matches`;
      await analytics.query({ tables: {}, sql, parameters: { pattern } });
    } catch (error) {
      if (!(error instanceof DomainError) || !isRefused(error)) throw error;
      faults.set(pattern, error.message.replace(/^.*cannot be read: /, ''));
    }
  }
  return faults;
}

async function tableResults(evaluation: Evaluation): Promise<ExpectationResult[]> {
  const { suite, version, profiled, now } = evaluation;
  const { rows_min: least, rows_max: most, rows_change_max: change, freshness, severity } = suite.table;
  const results: ExpectationResult[] = [];
  const judge = (rule: string, expected: string, isKept: boolean, observed: string) => {
    const named: Rule = { rule, column: null, severity, expected };
    results.push(isKept ? passed(named, observed) : failed(named, observed));
  };
  if (least !== undefined) judge('rows_min', `at least ${least} rows`, version.rows >= least, `${version.rows} rows`);
  if (most !== undefined) judge('rows_max', `at most ${most} rows`, version.rows <= most, `${version.rows} rows`);
  if (change !== undefined) {
    const before = await evaluation.referenceVersion('accepted');
    const expected = `at most ${Number((change * 100).toPrecision(6))} % more or fewer rows than the latest accepted version`;
    const isKept = !before || Math.abs(version.rows - before.rows) <= change * before.rows;
    judge(
      'rows_change_max',
      expected,
      isKept,
      before ? `${version.rows} rows after ${before.rows}` : 'no accepted version yet',
    );
  }
  if (freshness !== undefined) {
    const newest = profiled.eventTime?.max;
    const age = newest === undefined ? undefined : Math.max(0, now - newest);
    const observed = newest === undefined ? 'no event time' : `newest row of ${new Date(newest).toISOString()}`;
    judge(
      'freshness',
      `newest row at most ${formatDuration(freshness)} old`,
      age !== undefined && age <= freshness,
      observed,
    );
  }
  return results;
}
