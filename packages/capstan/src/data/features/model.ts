import type { FeatureStatus } from '@capstan/api';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Cell, DataColumn, DataFile } from '#ports/analytics';

/** A feature view as it is declared. */
export interface ViewDefinition {
  readonly project: string;
  readonly name: string;
  /** Columns that together name what a row is about. */
  readonly entities: readonly string[];
  /** Column that says from when on a row is known. */
  readonly eventTime: string;
  /** For so long after its event time a row counts. */
  readonly ttlMs: number | undefined;
  readonly isOnline: boolean;
  readonly description: string | undefined;
  /** The file of its select. */
  readonly path: string;
  /** One select over the datasets, each a table of its name. */
  readonly sql: string;
  /** Of all that decides what its rows are, data aside. */
  readonly digest: string;
}

/** A dataset that a view reads. */
export interface ViewTable {
  readonly dataset: string;
  readonly versionId: string;
  readonly files: readonly DataFile[];
  readonly columns: readonly string[];
  /** Null: its rows have no time. */
  readonly eventTime: string | null;
  /** A column whose values are known so long after the row. */
  readonly label: { readonly column: string; readonly arrivesAfterMs: number } | undefined;
}

/** A feature view with what it would be computed from, and the columns that come out. */
export interface ResolvedView extends ViewDefinition {
  readonly tables: readonly ViewTable[];
  readonly entityColumns: readonly DataColumn[];
  readonly features: readonly DataColumn[];
}

/** A feature of a view, under the name that the caller gets it by. */
export interface ChosenFeature {
  readonly view: string;
  readonly feature: string;
  readonly name: string;
}

/** Name of a version by dataset, as it is recorded. */
export function versionsOf(tables: readonly ViewTable[]): Record<string, string> {
  return Object.fromEntries(tables.map(({ dataset, versionId }) => [dataset, versionId]));
}

/**
 * What a caller asks for, `view:feature` or `view`, as features in that order.
 * @throws DomainError INVALID_ARGUMENT naming what there is no such view or feature of, or a name that two would have
 */
export function chooseFeatures(
  asked: readonly string[],
  views: ReadonlyMap<string, readonly string[]>,
  isFull: boolean,
): ChosenFeature[] {
  const chosen: ChosenFeature[] = [];
  for (const [index, text] of asked.entries()) {
    const field = `features[${index}]`;
    const { view, feature } = partsOf(text);
    const known = views.get(view);
    if (!known) throw unknown('feature view', view, [...views.keys()], field);
    if (feature !== undefined && !known.includes(feature)) throw unknown(`feature of ${view}`, feature, known, field);
    for (const each of feature === undefined ? known : [feature]) {
      const name = isFull ? `${view}__${each}` : each;
      const other = chosen.find((one) => one.name === name);
      if (other) {
        throw invalid(`'${view}:${each}' and '${other.view}:${other.feature}' would both be called ${name}`, {
          field,
          hint: 'Ask for each feature once; with fullFeatureNames they are called view__feature.',
        });
      }
      chosen.push({ view, feature: each, name });
    }
  }
  return chosen;
}

/** `view:feature`, or a view alone. */
export function partsOf(text: string): { readonly view: string; readonly feature: string | undefined } {
  const colon = text.indexOf(':');
  return colon < 0
    ? { view: text, feature: undefined }
    : { view: text.slice(0, colon), feature: text.slice(colon + 1) };
}

function unknown(kind: string, name: string, known: readonly string[], field: string) {
  const near = nearest(name, known);
  const hint = near === undefined ? `There are: ${known.join(', ') || 'none'}.` : `Did you mean '${near}'?`;
  return invalid(`There is no ${kind} '${name}'`, { field, hint });
}

/** What an entity is known by in the online store: its values in the order of the view's entities. */
export function entityKey(values: readonly Cell[]): string {
  return JSON.stringify(values);
}

/**
 * A caller's value of an entity column, as the engine would give it.
 * @throws DomainError INVALID_ARGUMENT where it is none of the column's type
 */
export function entityValue(value: string | number | boolean | null, column: DataColumn, field: string): Cell {
  if (value === null) return null;
  const { type, name } = column;
  const wanted = type === 'integer' || type === 'number' ? 'number' : type === 'boolean' ? 'boolean' : 'string';
  // Whole numbers that no JSON number holds are text on both sides.
  const isLarge = type === 'integer' && typeof value === 'string' && /^-?\d{16,}$/.test(value);
  if (typeof value === wanted || isLarge) return value;
  throw invalid(`${name} is ${type}, and ${JSON.stringify(value)} is none`, {
    field,
    hint: `Give a ${wanted}${wanted === 'string' ? ' (in quotes)' : ''}.`,
  });
}

/** What of a stored row is given at a moment: by the same rule as in a training set. */
export function onlineValue(
  row: { readonly eventTime: number; readonly value: Cell } | undefined,
  now: number,
  ttlMs: number | undefined,
): { readonly value: Cell; readonly status: FeatureStatus } {
  if (!row) return { value: null, status: 'NOT_FOUND' };
  if (ttlMs !== undefined && row.eventTime < now - ttlMs) return { value: null, status: 'OUTSIDE_MAX_AGE' };
  return { value: row.value, status: row.value === null ? 'NULL_VALUE' : 'PRESENT' };
}

/** Sums of floating-point numbers differ with the order in which they are added. */
const RELATIVE_TOLERANCE = 1e-9;

/** Whether two computations of a feature agree. */
export function areAlike(a: Cell, b: Cell): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Object.is(a, b) || a === b) return true;
    return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1);
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
