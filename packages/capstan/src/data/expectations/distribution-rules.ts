import type { ColumnExpectation, DatasetColumn, ExpectationResult } from '@capstan/api';
import { countBins, freezeBins, hasSpread, type AskData } from '#data/datasets';
import { jensenShannonDistance } from '#kernel/statistics/jensen-shannon';
import type { Analytics, DataFile } from '#ports/analytics';
import { failed, isNumeric, passed, type Rule } from './model.ts';

/** A version that another one is compared with. */
export interface ReferenceVersion {
  readonly number: number;
  readonly rows: number;
  readonly files: readonly DataFile[];
  readonly columns: readonly DatasetColumn[];
}

export interface DistributionContext {
  readonly analytics: Analytics;
  readonly files: readonly DataFile[];
  readonly columns: readonly DatasetColumn[];
  readonly rows: number;
  /** A version of the dataset by number, or the latest accepted one; undefined where there is none. */
  referenceVersion(which: number | 'accepted'): Promise<ReferenceVersion | undefined>;
  readonly signal?: AbortSignal | undefined;
}

interface Asked {
  readonly column: DatasetColumn;
  readonly rule: Rule;
  readonly limit: number;
}

/** Holds the spread of columns against that of other versions: one count of each side for all columns of one reference. */
export async function distributionResults(
  context: DistributionContext,
  asked: Readonly<Record<string, ColumnExpectation>>,
): Promise<ExpectationResult[]> {
  const byReference = new Map<number | 'accepted', Asked[]>();
  for (const [name, { distribution, severity }] of Object.entries(asked)) {
    const column = context.columns.find((candidate) => candidate.name === name);
    if (!distribution || !column) continue;
    const { against, distance_max: limit } = distribution;
    const other = against === 'accepted' ? 'the latest accepted version' : `version ${against}`;
    const expected = `Jensen-Shannon distance to ${other} at most ${limit}`;
    const list = byReference.get(against) ?? [];
    list.push({ column, limit, rule: { rule: 'distribution', column: name, severity, expected } });
    byReference.set(against, list);
  }
  const results: ExpectationResult[] = [];
  for (const [against, list] of byReference) results.push(...(await compare(context, against, list)));
  return results;
}

async function compare(
  context: DistributionContext,
  against: number | 'accepted',
  asked: readonly Asked[],
): Promise<ExpectationResult[]> {
  const reference = await context.referenceVersion(against);
  if (!reference) {
    // The first version has nothing to be compared with; a version that was named has to be there.
    return asked.map(({ rule }) =>
      against === 'accepted'
        ? passed(rule, 'no accepted version yet')
        : failed(rule, `there is no accepted version ${against}`),
    );
  }
  const matched = asked.filter(({ column }) => isComparable(column, reference.columns));
  const odd = asked.filter((each) => !matched.includes(each));
  const [then, now] = [askOf(context, reference.files), askOf(context, context.files)];
  const bins = await freezeBins(
    then,
    matched.map(({ column }) => reference.columns.find(({ name }) => name === column.name) ?? column),
  );
  const before = await countBins(then, bins, reference.rows);
  const after = await countBins(
    now,
    bins.map((each, index) => ({ ...each, column: matched[index]?.column ?? each.column })),
    context.rows,
  );
  return [
    ...odd.map(({ rule, column }) =>
      failed(rule, `${column.name} cannot be compared with version ${reference.number}`),
    ),
    ...matched.map(({ rule, limit }, index) => {
      if (context.rows === 0 || reference.rows === 0) return failed(rule, 'there are no rows to compare');
      const distance = jensenShannonDistance(before[index] ?? [], after[index] ?? []);
      const observed = `${Number(distance.toPrecision(3))} to version ${reference.number}`;
      return distance <= limit ? passed(rule, observed) : failed(rule, observed);
    }),
  ];
}

function isComparable(column: DatasetColumn, others: readonly DatasetColumn[]): boolean {
  const other = others.find(({ name }) => name === column.name);
  return (
    other !== undefined && hasSpread(column) && (other.type === column.type || (isNumeric(other) && isNumeric(column)))
  );
}

function askOf({ analytics, signal }: DistributionContext, files: readonly DataFile[]): AskData {
  return (sql) => analytics.query({ tables: { data: files }, sql, ...(signal && { signal }) });
}
