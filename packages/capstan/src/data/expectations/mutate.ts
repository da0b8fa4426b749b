import {
  formatDuration,
  expectationSuite,
  type ExpectationResult,
  type ExpectationSuite,
  type InjectedFault,
} from '@capstan/api';
import { instantOf } from '#data/datasets';
import type { Analytics, DataRow } from '#ports/analytics';
import { evaluate, type Evaluation } from './evaluate.ts';
import { faultyColumns, faultyTables, type Fault } from './faults.ts';
import { isBroken } from './model.ts';
import { suiteInput, type SuggestedRule } from './suggest.ts';

/** What faults are put into, one by one. */
export interface Subject {
  /** The evaluation of the version as it is: its suite is the one that is put to the test. */
  readonly evaluation: Evaluation;
  /** Rules to try on what the suite did not find. */
  readonly suggested: readonly SuggestedRule[];
}

export interface TrialOutcome {
  readonly faults: InjectedFault[];
  readonly brokenBefore: { readonly rule: string; readonly column: string | null }[];
}

/** Columns of a table's key, at most. */
const MAX_KEY = 20;

/**
 * Puts each fault into a copy, which is no more than a select, and looks which rules break that held before. Only rules
 * that the fault can reach are evaluated, and of what no rule finds it is tried which suggested rule would have.
 */
export async function tryFaults(subject: Subject, faults: readonly Fault[]): Promise<TrialOutcome> {
  const { files, analytics } = subject.evaluation;
  const evaluation = { ...subject.evaluation, analytics: rememberOthers(analytics, files) };
  const brokenBefore = namesOfBroken((await evaluate(evaluation)).results);
  const spare = spareSuite(subject);
  const spareBefore = namesOfBroken((await evaluate({ ...evaluation, suite: spare, key: [] })).results);
  const found: InjectedFault[] = [];
  for (const fault of faults) {
    evaluation.signal?.throwIfAborted();
    const broken = await brokenBy(evaluation, fault, brokenBefore);
    const { kind, columns, what } = fault;
    const remedies =
      broken.length > 0 ? [] : await brokenBy({ ...evaluation, suite: spare, key: [] }, fault, spareBefore);
    found.push({
      kind,
      columns: [...columns],
      what,
      caught: broken.length > 0,
      severity: broken.length === 0 ? null : broken.some((rule) => rule.severity === 'error') ? 'error' : 'warn',
      caughtBy: broken.map(({ rule, column, severity, expected, observed }) => ({
        rule,
        column,
        severity,
        expected,
        observed,
      })),
      remedies: remedies.map(({ rule, column, observed }) => ({
        rule,
        column,
        setting: settingOf(spare, rule, column),
        observed,
      })),
    });
  }
  return { faults: found, brokenBefore: [...brokenBefore.values()] };
}

type Broken = ReadonlyMap<string, { readonly rule: string; readonly column: string | null }>;

async function brokenBy(evaluation: Evaluation, fault: Fault, before: Broken): Promise<ExpectationResult[]> {
  const { results } = await evaluate(await withFault(evaluation, fault));
  return results.filter((result) => isBroken(result) && !before.has(nameOf(result)));
}

/** The same evaluation of the version with the fault in it, and of the rules that the fault can reach. */
async function withFault(evaluation: Evaluation, fault: Fault): Promise<Evaluation> {
  const { version, files } = evaluation;
  if (fault.laterByMs !== undefined) {
    const table = { freshness: evaluation.suite.table.freshness, severity: evaluation.suite.table.severity };
    const suite = { ...evaluation.suite, table, columns: {}, checks: [] };
    const still = { ...version, eventTimeColumn: null };
    return { ...evaluation, version: still, suite, key: [], now: evaluation.now + fault.laterByMs };
  }
  const prefix = faultyTables(fault, version.columns);
  const analytics = withTables(evaluation.analytics, files, prefix);
  const columns = faultyColumns(fault, version.columns);
  const isOfRows = fault.columns.length === 0;
  const timed = version.eventTimeColumn;
  const isTimeHit = timed !== null && (isOfRows || fault.columns.includes(timed));
  const seen =
    isOfRows || isTimeHit ? await seenIn({ ...evaluation, analytics }) : { rows: version.rows, eventTime: null };
  return {
    ...evaluation,
    version: { ...version, columns, rows: seen.rows, eventTimeColumn: isTimeHit ? timed : null },
    analytics,
    profiled: isTimeHit ? { ...evaluation.profiled, eventTime: seen.eventTime } : evaluation.profiled,
    ...(!isOfRows && reachedBy(evaluation, new Set(fault.columns))),
  };
}

/** How many rows there are with the fault, and when the first and the last of them happened. */
async function seenIn({
  version,
  files,
  analytics,
}: Evaluation): Promise<{ rows: number; eventTime: Evaluation['profiled']['eventTime'] }> {
  const timed = version.columns.find(({ name }) => name === version.eventTimeColumn);
  const isInstant = timed?.type === 'timestamp' || timed?.type === 'date';
  const instant = isInstant ? instantOf(timed.name) : 'cast(null as bigint)';
  const [row = {}] = await analytics.query({
    tables: { data: files },
    sql: `select count(*) as n, min(${instant}) as low, max(${instant}) as high from data`,
  });
  const { n, low, high } = row;
  const eventTime = typeof low === 'number' && typeof high === 'number' ? { min: low, max: high } : null;
  return { rows: Number(n), eventTime };
}

function reachedBy({ suite, key }: Evaluation, hit: ReadonlySet<string>): Pick<Evaluation, 'suite' | 'key'> {
  const isHit = (names: readonly string[] | undefined) => names?.some((name) => hit.has(name)) ?? false;
  const { severity, unique, freshness, on_failure } = suite.table;
  const words = (sql: string) => sql.match(/[\p{L}\p{N}_]+/gu) ?? [];
  return {
    key: isHit(key) ? key : [],
    suite: {
      quarantine: suite.quarantine,
      table: { severity, on_failure, ...(isHit(unique) && { unique }), ...(freshness !== undefined && { freshness }) },
      columns: Object.fromEntries(Object.entries(suite.columns).filter(([name]) => hit.has(name))),
      // A name that is not one plain word cannot be looked for by words: such a statement is always evaluated.
      checks: suite.checks.filter(({ sql }) => isHit(words(sql)) || sql.includes('"')),
    },
  };
}

/** Questions about the version's own files see the fault; those about other tables and versions do not. */
function withTables(analytics: Analytics, files: Evaluation['files'], prefix: string): Analytics {
  return {
    ...analytics,
    query(question) {
      if (question.tables['data'] !== files) return analytics.query(question);
      const [, explain = '', rest = ''] = /^(explain )?([\s\S]*)$/.exec(question.sql) ?? [];
      return analytics.query({ ...question, sql: `${explain}${prefix}${rest}` });
    },
  };
}

/** Of other versions and tables the same is asked for each fault of a column, and they do not change meanwhile. */
function rememberOthers(analytics: Analytics, files: Evaluation['files']): Analytics {
  const known = new Map<string, Promise<DataRow[]>>();
  return {
    ...analytics,
    query(question) {
      if (Object.values(question.tables).some((table) => table === files)) return analytics.query(question);
      const paths = Object.entries(question.tables).map(([name, table]) => [name, table.map(({ path }) => path)]);
      const id = JSON.stringify([question.sql, paths, question.parameters]);
      const answer = known.get(id) ?? analytics.query(question);
      known.set(id, answer);
      return answer;
    },
  };
}

/** Rules to try where the suite is silent: the suggested ones, the spread of each column, and whole rows as a key. */
function spareSuite({ evaluation, suggested }: Subject): ExpectationSuite {
  const input = suiteInput(suggested) as { table: object; columns: Record<string, object> };
  const names = evaluation.version.columns.map(({ name }) => name);
  const isNamed = (name: string) => name.length > 0 && name.length <= 256;
  const columns = Object.fromEntries(
    names.filter(isNamed).map((name) => [name, { ...input.columns[name], distribution: {} }]),
  );
  const newest = evaluation.profiled.eventTime?.max;
  // As old as it was when it came, to the day: what any feed can promise.
  const freshness = newest === undefined ? {} : { freshness: daysText(evaluation.now - newest) };
  const unique = evaluation.key.length > 0 ? evaluation.key : names;
  const isKey = unique.length > 0 && unique.length <= MAX_KEY && unique.every(isNamed);
  return expectationSuite.parse({
    table: { ...input.table, ...freshness, ...(isKey && { unique: [...unique] }) },
    columns,
  });
}

function daysText(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 86_400_000))}d`;
}

/** A rule as a person writes it. */
function settingOf(suite: ExpectationSuite, rule: string, column: string | null): string {
  const holder: Readonly<Record<string, unknown>> = column === null ? suite.table : (suite.columns[column] ?? {});
  const value = holder[rule];
  const written =
    rule === 'freshness' ? formatDuration(Number(value)) : rule === 'distribution' ? '{}' : JSON.stringify(value);
  return `${column === null ? 'table' : `columns.${column}`}.${rule}: ${shorten(written ?? '')}`;
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

function namesOfBroken(results: readonly ExpectationResult[]): Map<string, { rule: string; column: string | null }> {
  const broken = results.filter(isBroken);
  return new Map(broken.map((result) => [nameOf(result), { rule: result.rule, column: result.column }]));
}

function nameOf({ rule, column }: Pick<ExpectationResult, 'rule' | 'column'>): string {
  return JSON.stringify([rule, column]);
}
