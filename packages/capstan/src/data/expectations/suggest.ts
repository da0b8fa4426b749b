import type { ColumnProfile, DatasetVersion } from '@capstan/api';
import { isNumeric } from './model.ts';
import type { TextFacts } from './text-facts.ts';

// A first suite from what a profile saw: it passes on the data it was made from, leaves room for the next delivery, and says
// of each rule what it was made from, so that a person can make it tighter.

/** A rule as it will stand in the file, with what it was made from. */
export interface SuggestedRule {
  /** Null: of the table. */
  readonly column: string | null;
  readonly rule: string;
  readonly value: unknown;
  readonly from: string;
}

export interface SuggestionBasis {
  readonly version: Pick<DatasetVersion, 'dataset' | 'number' | 'rows' | 'eventTimeColumn' | 'eventTime' | 'createdAt'>;
  readonly columns: readonly ColumnProfile[];
  /** Whether the numbers of different values are exact. */
  readonly isExact: boolean;
  /** Of text columns. */
  readonly texts: ReadonlyMap<string, TextFacts>;
}

const DAY_MS = 86_400_000;
/** Rows, values and spread may move by so much of what was seen. */
const ROW_MARGIN = 0.2;
const RANGE_MARGIN = 0.25;
/** The mean may move by so much of the standard deviation. */
const MEAN_MARGIN = 0.25;
/** Values that each occur so often on average are a list to choose from; others may be joined by new ones any day. */
const ROWS_PER_DOMAIN_VALUE = 10;
const MAX_DOMAIN = 25;
/** So many different values at least before a rule says that a column must not get stuck. */
const MIN_VARIED = 10;
const MIN_UNIQUE_ROWS = 20;
/** That a file of expectations takes. */
const LONGEST_NAME = 256;
/** Older than this, the data are history and not a feed that could become stale. */
const MAX_FRESHNESS_MS = 366 * DAY_MS;

/** Rules for a version, the table's first. */
export function suggestRules({ version, columns, isExact, texts }: SuggestionBasis): SuggestedRule[] {
  const rules: SuggestedRule[] = [];
  const { rows } = version;
  const least = Math.floor(rows * (1 - ROW_MARGIN));
  if (least > 0) rules.push({ column: null, rule: 'rows_min', value: least, from: `${rows} rows` });
  const freshness = freshnessOf(version);
  if (freshness) rules.push(freshness);
  for (const column of columns.filter(({ name }) => name.length > 0 && name.length <= LONGEST_NAME)) {
    const found = columnRulesOf(column, rows, texts.get(column.name), version);
    rules.push(...(isExact ? found : found.filter(({ rule }) => rule !== 'unique')));
  }
  return rules;
}

/** The suite that the rules are, as the reader of the file gets it. */
export function suiteInput(rules: readonly SuggestedRule[]): object {
  const table: Record<string, unknown> = {};
  const columns = new Map<string, Record<string, unknown>>();
  for (const { column, rule, value } of rules) {
    if (column === null) table[rule] = value;
    else columns.set(column, { ...columns.get(column), [rule]: value });
  }
  return { table, columns: Object.fromEntries(columns) };
}

function freshnessOf({ eventTime, eventTimeColumn, createdAt }: SuggestionBasis['version']): SuggestedRule | undefined {
  if (!eventTime || eventTimeColumn === null) return undefined;
  const age = Math.max(0, createdAt - eventTime.max);
  if (age > MAX_FRESHNESS_MS) return undefined;
  const days = Math.ceil((1.5 * age) / DAY_MS) + 1;
  const from = `newest ${eventTimeColumn} ${(age / DAY_MS).toFixed(1)} days old when it was registered`;
  return { column: null, rule: 'freshness', value: `${days}d`, from };
}

function columnRulesOf(
  profile: ColumnProfile,
  rows: number,
  text: TextFacts | undefined,
  version: SuggestionBasis['version'],
): SuggestedRule[] {
  const { name, type, missing, distinct } = profile;
  const rules: SuggestedRule[] = [];
  const add = (rule: string, value: unknown, from: string) => rules.push({ column: name, rule, value, from });
  if (type !== 'other') add('type', type, `${type} in every file`);
  // The event time has a rule of its own, which holds for every dataset.
  if (name !== version.eventTimeColumn) add('missing_max', missingLimit(missing, rows), missingFrom(missing, rows));
  const present = rows - missing;
  if (present === 0) return rules;
  const numbers = isNumeric(profile) ? numberRules(profile) : [];
  for (const { rule, value, from } of numbers) add(rule, value, from);
  const isListed = distinct <= MAX_DOMAIN && present >= ROWS_PER_DOMAIN_VALUE * distinct;
  if (text?.values && isListed) add('domain', text.values, `all ${distinct} values`);
  else if (text?.pattern !== undefined)
    add('pattern', text.pattern, `every value; such as ${JSON.stringify(text.example)}`);
  const isUnique = distinct === rows && missing === 0 && rows >= MIN_UNIQUE_ROWS && ['integer', 'text'].includes(type);
  if (isUnique) add('unique', true, `${rows} different values in ${rows} rows`);
  else if (distinct >= MIN_VARIED) add('distinct', [Math.floor(distinct / 2), null], `${distinct} different values`);
  return rules;
}

/** Half as much again and a percentage point more than was missing; none where none was. */
function missingLimit(missing: number, rows: number): number {
  if (missing === 0 || rows === 0) return 0;
  return Math.min(1, Math.ceil((missing / rows) * 150 + 1) / 100);
}

function missingFrom(missing: number, rows: number): string {
  return missing === 0 ? 'none missing' : `${missing} of ${rows} missing`;
}

function numberRules({ type, min, max, mean, stddev }: ColumnProfile): Omit<SuggestedRule, 'column'>[] {
  const [low, high] = [Number(min), Number(max)];
  // Infinities and whole numbers beyond 2^53 have no ends that could be written down.
  if (typeof min !== 'number' || typeof max !== 'number' || !Number.isFinite(low) || !Number.isFinite(high)) return [];
  const rules: Omit<SuggestedRule, 'column'>[] = [];
  const margin = RANGE_MARGIN * (high - low || Math.abs(high) || 1);
  const from = `${low} to ${high}`;
  // Where nothing is negative, the sign is part of what the column means; and the other way round.
  const ends = [
    low >= 0 ? Math.max(0, outward(low - margin, low, -1)) : outward(low - margin, low, -1),
    high <= 0 ? Math.min(0, outward(high + margin, high, 1)) : outward(high + margin, high, 1),
  ];
  rules.push({ rule: 'range', value: type === 'integer' ? [Math.floor(ends[0]!), Math.ceil(ends[1]!)] : ends, from });
  if (mean !== null && stddev !== null && stddev > 0) {
    const room = MEAN_MARGIN * stddev;
    const value = [outward(mean - room, mean, -1), outward(mean + room, mean, 1)];
    rules.push({ rule: 'mean', value, from: `mean ${short(mean)}, standard deviation ${short(stddev)}` });
  }
  return rules;
}

/** Two digits of an end, rounded away from what was seen; never on the wrong side of it. */
function outward(end: number, seen: number, sign: 1 | -1): number {
  if (!Number.isFinite(end)) return seen;
  if (end === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(end))) - 1);
  const steps = sign === 1 ? Math.ceil(end / unit) : Math.floor(end / unit);
  const rounded = Number((steps * unit).toPrecision(3));
  const isOutside = sign === 1 ? rounded >= seen : rounded <= seen;
  return Number.isFinite(rounded) && isOutside ? rounded : seen;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
