import type { ColumnProfile, DatasetColumn, FaultKind } from '@capstan/api';
import { quoteName, quoteText } from '#ports/analytics';
import { isNumeric } from './model.ts';

// What goes wrong with data between those who make it and those who train on it, as SQL over a version that is fine. The
// data themselves are never touched: a fault is a select.

/** Rows of the version, before any fault. */
const ROWS = 'main.data_rows';
const PLACE = 'capstan_file * 1000000000000 + capstan_row';

export interface Fault {
  readonly kind: FaultKind;
  /** That it changes; empty where it changes rows or time. */
  readonly columns: readonly string[];
  /** `a fifth of the values of carrier are missing`. */
  readonly what: string;
  /** SQL that is true for the rows that stay, of `main.data_rows`; undefined: all. */
  readonly where?: string;
  /** New values by column. */
  readonly replaced?: Readonly<Record<string, string>>;
  /** SQL of rows that are there once more. */
  readonly again?: string;
  /** The column whose values go to other rows. */
  readonly shuffled?: { readonly column: string; readonly by: string };
  /** Time goes on by so much, and nothing new comes. */
  readonly laterByMs?: number;
}

export interface FaultBasis {
  readonly columns: readonly DatasetColumn[];
  readonly profiles: ReadonlyMap<string, ColumnProfile>;
  readonly rows: number;
  /** Rows of each file. */
  readonly files: readonly { readonly place: string; readonly rows: number }[];
  readonly eventTime: { readonly column: string; readonly spanMs: number } | null;
  readonly seed: number;
}

const MISSING_PERCENT = 20;
const TYPO_PERCENT = 2;
const AGAIN_PERCENT = 5;
const WEEK_MS = 604_800_000;
const MAX_TYPO_DISTINCT = 1_000;
const factors = [
  { by: 1.609344, words: 'kilometres for miles' },
  { by: 60, words: 'minutes for hours' },
  { by: 0.01, words: 'the whole for percents' },
] as const;

/** All faults that can be put into a version, in a fixed order: by kind, then by column. */
export function allFaults(basis: FaultBasis): Fault[] {
  const varied = basis.columns.filter(({ name }) => (basis.profiles.get(name)?.distinct ?? 0) > 1);
  const numbers = varied.filter(isNumeric);
  const present = basis.columns.filter(({ name }) => (basis.profiles.get(name)?.distinct ?? 0) > 0);
  return [
    ...present.map((column) => missing(column, basis.seed)),
    ...numbers.flatMap((column) => factors.map((factor) => otherUnit(column, factor))),
    ...varied.map((column) => shuffled(column, basis.seed)),
    ...swapped(varied),
    ...varied
      .filter(({ name, type }) => type === 'text' && (basis.profiles.get(name)?.distinct ?? 0) <= MAX_TYPO_DISTINCT)
      .map((column) => typo(column, basis.seed)),
    ...varied.map(stuck),
    ...ofRows(basis),
  ];
}

/** Each kind in turn, so that a few of them are of every kind; which of a kind is by the seed. Back in their own order. */
export function chooseFaults(faults: readonly Fault[], most: number, seed: number): Fault[] {
  if (faults.length <= most) return [...faults];
  const byKind = Map.groupBy(faults, ({ kind }) => kind);
  const queues = [...byKind.values()].map((list) =>
    list.toSorted((a, b) => orderOf(a, seed) - orderOf(b, seed) || (a.what < b.what ? -1 : 1)),
  );
  const chosen = new Set<Fault>();
  for (let turn = 0; chosen.size < most; turn++) {
    for (const queue of queues) {
      const next = queue[turn];
      if (next && chosen.size < most) chosen.add(next);
    }
  }
  return faults.filter((fault) => chosen.has(fault));
}

/**
 * `with` in front of a question about `data` and `data_rows`, so that it is about the version with the fault in it.
 * The tables of the question must be those of the version, under the name `data`.
 */
export function faultyTables(fault: Fault, columns: readonly DatasetColumn[]): string {
  const where = fault.where === undefined ? '' : ` where ${fault.where}`;
  const values = columns.map(({ name }) => `${fault.replaced?.[name] ?? quoteName(name)} as ${quoteName(name)}`);
  const places = 'capstan_file, capstan_row';
  const parts = fault.shuffled
    ? [shuffledRows(fault.shuffled, columns)]
    : [`select ${[...values, places].join(', ')} from ${ROWS}${where}`];
  if (fault.again !== undefined)
    parts.push(`select ${[...values, places].join(', ')} from ${ROWS} where ${fault.again}`);
  return `with data_rows as (${parts.join(' union all ')}),
    data as (select * exclude (capstan_file, capstan_row) from data_rows)\n`;
}

/** Columns as they are with the fault: two that were swapped have each other's type. */
export function faultyColumns(
  { kind, columns: [first, second] }: Fault,
  columns: readonly DatasetColumn[],
): DatasetColumn[] {
  if (kind !== 'swapped_columns') return [...columns];
  const typeOf = (name: string | undefined) => columns.find((column) => column.name === name);
  return columns.map((column) => {
    const other = column.name === first ? typeOf(second) : column.name === second ? typeOf(first) : undefined;
    return other ? { ...other, name: column.name } : column;
  });
}

function missing({ name }: DatasetColumn, seed: number): Fault {
  const value = quoteName(name);
  return {
    kind: 'nulls',
    columns: [name],
    what: `a fifth of the values of ${name} are missing`,
    replaced: { [name]: `case when ${someRows(MISSING_PERCENT, seed, name)} then null else ${value} end` },
  };
}

function otherUnit({ name, type, storageType }: DatasetColumn, { by, words }: (typeof factors)[number]): Fault {
  const product = `cast(${quoteName(name)} as double) * ${by}`;
  // Whole numbers stay whole: a fault that shows in the type alone is found by anybody.
  const value = type === 'integer' ? `round(${product})` : product;
  // What no longer fits into the type is nothing any more.
  const kept = /^(FLOAT|DOUBLE)$/.test(storageType) ? storageType : type === 'integer' ? 'bigint' : 'double';
  return {
    kind: 'unit_change',
    columns: [name],
    what: `${name} times ${Number(by.toPrecision(4))}: ${words}`,
    replaced: { [name]: `try_cast(${value} as ${kept})` },
  };
}

function shuffled({ name }: DatasetColumn, seed: number): Fault {
  return {
    kind: 'shuffled_column',
    columns: [name],
    what: `the values of ${name} stand in other rows`,
    shuffled: { column: name, by: placeHash(seed, name) },
  };
}

function shuffledRows({ column, by }: NonNullable<Fault['shuffled']>, columns: readonly DatasetColumn[]): string {
  const name = quoteName(column);
  const others = columns.filter((each) => each.name !== column).map((each) => `a.${quoteName(each.name)}`);
  return `select ${[...others, `b.value as ${name}`, 'a.capstan_file', 'a.capstan_row'].join(', ')}
    from (select *, row_number() over (order by ${PLACE}) as capstan_order from ${ROWS}) a
    join (select ${name} as value, row_number() over (order by ${by}, ${PLACE}) as capstan_order from ${ROWS}) b
      using (capstan_order)`;
}

/** Columns that lie beside each other among those of their type: what a shifted list of names does. */
function swapped(columns: readonly DatasetColumn[]): Fault[] {
  const faults: Fault[] = [];
  for (const group of Map.groupBy(columns, ({ type }) => (type === 'integer' ? 'number' : type)).values()) {
    for (const [index, { name: first }] of group.entries()) {
      const second = group[index + 1]?.name;
      if (second === undefined) continue;
      faults.push({
        kind: 'swapped_columns',
        columns: [first, second],
        what: `${first} holds ${second}, and ${second} holds ${first}`,
        replaced: { [first]: quoteName(second), [second]: quoteName(first) },
      });
    }
  }
  return faults;
}

function typo({ name }: DatasetColumn, seed: number): Fault {
  const text = `cast(${quoteName(name)} as varchar)`;
  // Twice the last letter, in the other case: `JFK` becomes `JFKk`.
  const wrong = `${text} || case when upper(right(${text}, 1)) = right(${text}, 1) then lower(right(${text}, 1)) else upper(right(${text}, 1)) end`;
  return {
    kind: 'category_typo',
    columns: [name],
    what: `2 % of the values of ${name} are mistyped`,
    replaced: { [name]: `case when ${someRows(TYPO_PERCENT, seed, name)} then ${wrong} else ${text} end` },
  };
}

function stuck({ name }: DatasetColumn): Fault {
  return {
    kind: 'constant_column',
    columns: [name],
    what: `${name} has the same value in every row`,
    // The most frequent one, least first: it passes whatever each value by itself must keep.
    replaced: {
      [name]: `(select ${quoteName(name)} from ${ROWS} where ${quoteName(name)} is not null
                  group by 1 order by count(*) desc, 1 limit 1)`,
    },
  };
}

function ofRows({ rows, files, eventTime, seed }: FaultBasis): Fault[] {
  const last = files.at(-1);
  const faults: Fault[] = [];
  if (rows > 0) {
    faults.push({
      kind: 'duplicated_rows',
      columns: [],
      what: '5 % of the rows come twice',
      again: someRows(AGAIN_PERCENT, seed, 'rows'),
    });
  }
  if (last && last.rows > 1) {
    faults.push({
      kind: 'truncated_file',
      columns: [],
      what: `the second half of ${last.place} is not there`,
      where: `not (capstan_file = ${files.length - 1} and capstan_row > ${Math.floor(last.rows / 2)})`,
    });
  }
  if (eventTime) {
    const laterByMs = Math.max(WEEK_MS, eventTime.spanMs);
    const what = `the same files again ${Math.round(laterByMs / 86_400_000)} days later`;
    faults.push({ kind: 'stale_file', columns: [], what, laterByMs });
  }
  return faults;
}

/** SQL that is true for about so many of a hundred rows, the same ones each time. */
function someRows(percent: number, seed: number, what: string): string {
  return `${placeHash(seed, what)} % 100 < ${percent}`;
}

function placeHash(seed: number, what: string): string {
  return `hash(capstan_file, capstan_row, ${seed}, ${quoteText(what)})`;
}

/** A number of the fault and the seed: FNV-1a, so that a choice is the same on every machine. */
function orderOf({ kind, what }: Fault, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of `${kind} ${what}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
