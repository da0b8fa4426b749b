import type { DatasetColumn, DatasetDiff, ShownValue } from '@capstan/api';
import { quoteName, type Analytics, type DataFile, type DataRow } from '#ports/analytics';
import { toShown } from './values.ts';

/** The rows of a version that are in files which the other one has not. */
export interface DiffSide {
  readonly files: readonly DataFile[];
  readonly columns: readonly DatasetColumn[];
  readonly rows: number;
}

interface RowDiffRequest {
  readonly before: DiffSide;
  readonly after: DiffSide;
  /** Columns of both, as the first has them. */
  readonly shared: readonly DatasetColumn[];
  /** That the dataset declares; may be empty. */
  readonly key: readonly string[];
  readonly signal: AbortSignal | undefined;
}

const EXAMPLES = 5;
const MAX_SHOWN_CHARACTERS = 200;

/**
 * Rows that came, went and changed. With a key a row is what has its values; without one, rows are the same that have the same
 * values in all shared columns, and none can have changed. Where rows have the same key, their number counts.
 */
export async function diffRows(analytics: Analytics, asked: RowDiffRequest): Promise<DatasetDiff['rows']> {
  const { before, after } = asked;
  const isNumber = (name: string) => after.columns.some((column) => column.name === name && column.type === 'number');
  // 20 and 20.0 are one number: where either side has others than whole ones, both are compared as such.
  const shared = asked.shared.map((column) =>
    column.type === 'integer' && isNumber(column.name) ? { ...column, type: 'number' as const } : column,
  );
  const request = { ...asked, shared };
  const isDeclared =
    request.key.length > 0 && request.key.every((name) => shared.some((column) => column.name === name));
  const key = isDeclared ? request.key : shared.map(({ name }) => name);
  const nothing = { key: [...key], isDeclared, changed: isDeclared ? 0 : null, cells: [] };
  const noExamples = { added: [], removed: [], changed: [] };
  if (before.rows === 0 || after.rows === 0 || key.length === 0) {
    const found = { ...nothing, added: after.rows, removed: before.rows, same: 0, examples: noExamples };
    return await withExamples(analytics, request, key, found);
  }
  const values = isDeclared ? shared.filter(({ name }) => !key.includes(name)) : [];
  const [row = {}] = await ask(
    analytics,
    request,
    `select coalesce(sum(greatest(y - x, 0)), 0)::bigint as added, coalesce(sum(greatest(x - y, 0)), 0)::bigint as removed,
            coalesce(sum(least(x, y)) filter (where ${CHANGED}), 0)::bigint as changed,
            coalesce(sum(least(x, y)) filter (where not ${CHANGED}), 0)::bigint as same
       from (${matched(key, values, shared)})`,
  );
  const [added, removed, changed, same] = ['added', 'removed', 'changed', 'same'].map((name) => Number(row[name])) as [
    number,
    number,
    number,
    number,
  ];
  const found = { ...nothing, added, removed, changed: isDeclared ? changed : null, same, examples: noExamples };
  if (added + removed + changed === 0) return found;
  const cells = changed === 0 ? [] : await changedCells(analytics, request, key, values);
  return { ...(await withExamples(analytics, request, key, found)), cells };
}

/** Rows with one key that are in both, and not with the same values. */
const CHANGED = '(x > 0 and y > 0 and hx is distinct from hy)';

/** SQL of one row a key: how often it is on either side, and a hash of what it says there. */
function matched(key: readonly string[], values: readonly DatasetColumn[], shared: readonly DatasetColumn[]): string {
  const names = key.map((name, index) => `k${index}`).join(', ');
  const side = (table: string, isBefore: boolean) => {
    const keys = key.map((name, index) => `${comparable(shared, name)} as k${index}`);
    const hash = values.length === 0 ? '0' : `hash(${values.map(({ name }) => comparable(shared, name)).join(', ')})`;
    return `select ${keys.join(', ')}, ${isBefore} as is_before, ${hash} as h from ${table}`;
  };
  return `select ${names}, count(*) filter (where is_before) as x, count(*) filter (where not is_before) as y,
      bit_xor(h) filter (where is_before) as hx, bit_xor(h) filter (where not is_before) as hy
    from (${side('before', true)} union all ${side('after', false)}) group by ${names}`;
}

/** Values of one column are compared as what both sides can be: whole numbers and others as numbers, all else as text. */
function comparable(shared: readonly DatasetColumn[], name: string, table?: string): string {
  const type = shared.find((column) => column.name === name)?.type;
  const value = `${table === undefined ? '' : `${table}.`}${quoteName(name)}`;
  return type === 'number' ? `try_cast(${value} as double)` : `cast(${value} as varchar)`;
}

async function changedCells(
  analytics: Analytics,
  request: RowDiffRequest,
  key: readonly string[],
  values: readonly DatasetColumn[],
): Promise<DatasetDiff['rows']['cells']> {
  const on = key
    .map((name) => `${comparable(request.shared, name, 'a')} = ${comparable(request.shared, name, 'b')}`)
    .join(' and ');
  const fields = values.map(({ name }, index) => {
    const [a, b] = [comparable(request.shared, name, 'a'), comparable(request.shared, name, 'b')];
    return `count(*) filter (where ${a} is distinct from ${b}) as c${index}`;
  });
  const [row = {}] = await ask(analytics, request, `select ${fields.join(', ')} from before a join after b on ${on}`);
  return values
    .map(({ name }, index) => ({ column: name, rows: Number(row[`c${index}`]) }))
    .filter(({ rows }) => rows > 0)
    .toSorted((a, b) => b.rows - a.rows || (a.column < b.column ? -1 : 1));
}

type Found = DatasetDiff['rows'];

/** The first rows of each sort, by their key: all of them where one side has no rows of its own. */
async function withExamples(
  analytics: Analytics,
  request: RowDiffRequest,
  key: readonly string[],
  found: Found,
): Promise<Found> {
  const { before, after, shared } = request;
  const order = key.map((_, index) => `k${index}`).join(', ');
  const take = async (sql: string) => (await ask(analytics, request, sql)).map((row) => shownRow(key, row, shared));
  if (key.length === 0) return found;
  if (before.rows === 0 || after.rows === 0) {
    const all = (table: string, { rows }: DiffSide) =>
      rows === 0
        ? Promise.resolve([])
        : take(`select ${keysOf(key, shared)} from ${table} order by ${order} limit ${EXAMPLES}`);
    return {
      ...found,
      examples: { added: await all('after', after), removed: await all('before', before), changed: [] },
    };
  }
  const values = found.isDeclared ? shared.filter(({ name }) => !key.includes(name)) : [];
  const where = async (condition: string, count: number) =>
    count === 0
      ? []
      : await take(
          `select ${order} from (${matched(key, values, shared)}) where ${condition} order by ${order} limit ${EXAMPLES}`,
        );
  return {
    ...found,
    examples: {
      added: await where('y > x', found.added),
      removed: await where('x > y', found.removed),
      changed: await where(CHANGED, found.changed ?? 0),
    },
  };
}

function keysOf(key: readonly string[], shared: readonly DatasetColumn[]): string {
  return key.map((name, index) => `${comparable(shared, name)} as k${index}`).join(', ');
}

function shownRow(key: readonly string[], row: DataRow, shared: readonly DatasetColumn[]): Record<string, ShownValue> {
  return Object.fromEntries(
    key.map((name, index) => {
      const value = toShown(row[`k${index}`]);
      if (typeof value !== 'string') return [name, value];
      const isInstant = shared.some((column) => column.name === name && column.type === 'timestamp');
      // As everywhere else: the engine's own words for an instant are not ISO 8601.
      const text = isInstant ? value.replace(/^(\S+) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/, '$1T$2Z') : value;
      return [name, text.slice(0, MAX_SHOWN_CHARACTERS)];
    }),
  );
}

function ask(analytics: Analytics, { before, after, signal }: RowDiffRequest, sql: string): Promise<DataRow[]> {
  const tables = {
    ...(before.files.length > 0 && { before: before.files }),
    ...(after.files.length > 0 && { after: after.files }),
  };
  return analytics.query({ tables, sql, ...(signal && { signal }) });
}
