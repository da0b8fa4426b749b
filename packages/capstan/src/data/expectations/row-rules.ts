import type { ColumnExpectation, DatasetColumn, ExpectationResult, RowCheck } from '@capstan/api';
import { presentValue } from '#data/datasets';
import { quoteName, quoteText, type Cell } from '#ports/analytics';
import { countText, failed, isInRange, isNumeric, passed, rangeText, shareText, type Rule } from './model.ts';
import { isRowRule, markOf, mostBroken, othersText } from './row-quarantine.ts';
import { numberOf } from './values.ts';

/** A rule that each row keeps or breaks by itself: all of them are counted in one scan. */
export interface RowRule {
  readonly rule: Rule;
  /** SQL that is true for a row that breaks it. */
  readonly violation: string;
  /** Greatest share of all rows that may break it; null where it is broken however many rows do. */
  readonly maxShare: number | null;
  /** Columns shown with its examples, where they are not the one that the rule is about. */
  readonly shown?: readonly string[];
}

/** A rule on one figure of the whole column, taken in the same scan. */
export interface FigureRule {
  readonly rule: Rule;
  /** SQL of the figure. */
  readonly figure: string;
  judge(rule: Rule, figure: Cell | undefined): ExpectationResult;
}

/** What is asked of one column: rules for the scan, and results that need none. */
export interface ColumnRules {
  readonly rowRules: readonly RowRule[];
  readonly figureRules: readonly FigureRule[];
  readonly results: readonly ExpectationResult[];
}

type Range = NonNullable<ColumnExpectation['range']>;

/** Turns what is asked of a column into rules that can be scanned. */
export function columnRules(column: DatasetColumn, asked: ColumnExpectation): ColumnRules {
  const value = presentValue(column);
  const text = `cast(${quoteName(column.name)} as varchar)`;
  const number = numberOf(column);
  const rowRules: RowRule[] = [];
  const figureRules: FigureRule[] = [];
  const results: ExpectationResult[] = [];
  const named = (name: string, expected: string): Rule => ({
    rule: name,
    column: column.name,
    severity: asked.severity,
    expected,
    ...markOf(asked, name),
  });
  const bounded = (name: string, expected: string): Rule => {
    const rule = named(name, expected);
    return { ...rule, expected: `${expected}${othersText(asked, rule)}` };
  };
  const addRows = (rule: Rule, violation: string, maxShare: number | null = mostBroken(asked, rule)) =>
    rowRules.push({ rule, violation, maxShare });

  if (asked.type !== undefined) {
    const { onFailure: _none, ...rule } = named('type', asked.type);
    if (fits(column, asked.type)) results.push(passed(rule, column.type));
    else addRows(rule, `${value} is not null and ${misfit(text, asked.type)}`, null);
  }
  if (asked.missing_max !== undefined) {
    const rule = named('missing_max', `missing: ${shareText(asked.missing_max)}`);
    const isAside = isRowRule(rule);
    const expected = isAside ? `a value in every row${othersText(asked, rule)}` : rule.expected;
    addRows({ ...rule, expected }, `${value} is null`, isAside ? undefined : asked.missing_max);
  }
  if (asked.domain) {
    const isAllowed = membership(asked.domain, number, text);
    const rule = bounded('domain', `one of ${shorten(asked.domain.map(String))}`);
    addRows(rule, `${value} is not null and not coalesce(${isAllowed}, false)`);
  }
  if (asked.pattern !== undefined) {
    const matches = `regexp_full_match(${text}, ${quoteText(asked.pattern)})`;
    addRows(bounded('pattern', `matching ${asked.pattern}`), `${value} is not null and not ${matches}`);
  }
  if (asked.range) {
    const rule = bounded('range', rangeText(asked.range));
    if (number === undefined) results.push(noNumber(rule, column));
    else addRows(rule, outside(number, asked.range));
  }
  if (asked.mean) {
    const rule = named('mean', rangeText(asked.mean));
    if (number === undefined) results.push(noNumber(rule, column));
    else
      figureRules.push({
        rule,
        figure: `avg(${number}) filter (where isfinite(${number}))`,
        judge: meanJudge(asked.mean),
      });
  }
  if (asked.distinct) {
    figureRules.push({
      rule: named('distinct', `${rangeText(asked.distinct)} different values`),
      figure: `count(distinct ${value})`,
      judge: distinctJudge(asked.distinct),
    });
  }
  return { rowRules, figureRules, results };
}

/** A statement across columns as a rule. SQL's CHECK: a row breaks it where it is false, and not where it is unknown. */
export function checkRule(check: RowCheck, columns: readonly DatasetColumn[]): RowRule {
  const mark = markOf(check, check.name);
  const others = othersText(check, mark);
  const words = new Set(check.sql.match(/[\p{L}\p{N}_]+/gu));
  return {
    rule: {
      rule: `check ${check.name}`,
      column: null,
      severity: check.severity,
      expected: `${check.sql}${others}`,
      ...mark,
    },
    // On a line of its own: a comment at the end of the expression ends there.
    violation: `not coalesce(cast((${check.sql}\n) as boolean), true)`,
    maxShare: mostBroken(check, mark),
    shown: columns.flatMap(({ name }) => (words.has(name) ? [name] : [])),
  };
}

/** The result of a row rule, from the count of a scan. */
export function judgeRows(
  { rule, maxShare }: RowRule,
  count: number,
  rows: number,
  examples: ExpectationResult['examples'],
): ExpectationResult {
  if (maxShare === null) {
    // A column of another type is wrong as a whole, also when each of its values could be read as the right one.
    const observed = count === 0 ? 'another type, in all rows' : countText(count, rows);
    return failed(rule, observed, { failedRows: count === 0 ? rows : count, examples });
  }
  const observed = countText(count, rows);
  if (count > maxShare * rows) return failed(rule, observed, { failedRows: count, examples });
  return { ...passed(rule, observed), failedRows: count, examples };
}

function fits(column: DatasetColumn, type: NonNullable<ColumnExpectation['type']>): boolean {
  return column.type === type || (type === 'number' && isNumeric(column));
}

const castTypes = {
  number: 'double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  time: 'time',
  text: 'varchar',
} as const satisfies Record<Exclude<NonNullable<ColumnExpectation['type']>, 'integer'>, string>;

/** SQL that is true for a value that cannot be read as the type; 3.0 can be read as a whole number. */
function misfit(text: string, type: NonNullable<ColumnExpectation['type']>): string {
  if (type === 'integer') return `coalesce(try_cast(${text} as double) % 1 <> 0, true)`;
  return `try_cast(${text} as ${castTypes[type]}) is null`;
}

function membership(
  domain: NonNullable<ColumnExpectation['domain']>,
  number: string | undefined,
  text: string,
): string {
  if (number !== undefined && domain.every((item) => typeof item === 'number'))
    return `${number} in (${domain.join(', ')})`;
  return `${text} in (${domain.map((item) => quoteText(String(item))).join(', ')})`;
}

function outside(number: string, [low, high]: Range): string {
  const sides = [...(low === null ? [] : [`${number} < ${low}`]), ...(high === null ? [] : [`${number} > ${high}`])];
  return `coalesce(${sides.join(' or ')}, false)`;
}

function noNumber(rule: Rule, column: DatasetColumn): ExpectationResult {
  return failed(rule, `the column holds a ${column.type}, not a number`);
}

function meanJudge(range: Range): FigureRule['judge'] {
  return (rule, figure) => {
    if (typeof figure !== 'number') return failed(rule, 'no value to take a mean of');
    const observed = `mean ${Number(figure.toPrecision(6))}`;
    return isInRange(figure, range) ? passed(rule, observed) : failed(rule, observed);
  };
}

function distinctJudge(range: Range): FigureRule['judge'] {
  return (rule, figure) => {
    const observed = `${Number(figure ?? 0)} different values`;
    return isInRange(Number(figure ?? 0), range) ? passed(rule, observed) : failed(rule, observed);
  };
}

function shorten(items: readonly string[]): string {
  return items.length <= 10 ? items.join(', ') : `${items.slice(0, 10).join(', ')} … (${items.length} values)`;
}
