// Experiments as a table: a column for each metric and parameter, by its short name where that is enough. Pure.
import { flattenValues, type FlatValue } from '../compare/value-diff.ts';
import type { StateValues } from '../compare/state-values.ts';
import type { Baseline, Experiment, ExperimentValues } from './experiments.ts';

export interface ExperimentRow {
  readonly name: string;
  /** What it began from; undefined for a baseline. */
  readonly baseline: string | undefined;
  readonly commit: string | undefined;
  readonly committedAt: number | undefined;
  /** By column. */
  readonly values: ReadonlyMap<string, FlatValue>;
  readonly error?: string;
}

export interface ExperimentTable {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly rows: readonly ExperimentRow[];
}

/** @param nameOf how a file is called, for columns whose short name several have */
export function experimentTable(baselines: readonly Baseline[], nameOf: (file: string) => string): ExperimentTable {
  const all = baselines.flatMap((baseline) => [baseline, ...baseline.experiments]);
  const keys = { metrics: keysOf(all, 'metrics', nameOf), params: keysOf(all, 'params', nameOf) };
  const counts = Map.groupBy([...keys.metrics.values(), ...keys.params.values()], ({ name }) => name);
  const columnOf = ({ file, name }: Key): string => ((counts.get(name)?.length ?? 0) > 1 ? `${file}:${name}` : name);
  const rowOf = (one: Baseline | Experiment, baseline: string | undefined): ExperimentRow => {
    const values = new Map<string, FlatValue>();
    for (const kind of ['metrics', 'params'] as const) {
      for (const [file, flat] of flatOf(one.values[kind])) {
        for (const [name, value] of flat) values.set(columnOf({ file: nameOf(file), name }), value);
      }
    }
    const { error } = one.values;
    return {
      name: one.name,
      baseline,
      commit: one.commit,
      committedAt: one.committedAt,
      values,
      ...(error && { error: error.message }),
    };
  };
  const rows = baselines.flatMap((one) => [
    rowOf(one, undefined),
    ...one.experiments.map((experiment) => rowOf(experiment, one.name)),
  ]);
  return { metrics: [...keys.metrics.values()].map(columnOf), params: [...keys.params.values()].map(columnOf), rows };
}

interface Key {
  readonly file: string;
  readonly name: string;
}

function keysOf(
  all: readonly { readonly values: ExperimentValues }[],
  kind: 'metrics' | 'params',
  nameOf: (file: string) => string,
): Map<string, Key> {
  const keys = new Map<string, Key>();
  for (const { values } of all) {
    for (const [file, flat] of flatOf(values[kind])) {
      for (const name of flat.keys()) keys.set(JSON.stringify([file, name]), { file: nameOf(file), name });
    }
  }
  return keys;
}

function flatOf(values: StateValues): [string, ReadonlyMap<string, FlatValue>][] {
  return [...values].flatMap(([file, found]): [string, ReadonlyMap<string, FlatValue>][] =>
    'value' in found ? [[file, flattenValues(found.value)]] : [],
  );
}

/** Without the columns in which all rows that have a value have the same one. */
export function onlyChanged(table: ExperimentTable): ExperimentTable {
  const isChanged = (column: string): boolean =>
    new Set(table.rows.filter(({ values }) => values.has(column)).map(({ values }) => values.get(column))).size > 1;
  return { ...table, metrics: table.metrics.filter(isChanged), params: table.params.filter(isChanged) };
}

/** Experiments of each baseline by a column; those without a value come last. */
export function sortedBy({ rows, ...table }: ExperimentTable, column: string, isDescending: boolean): ExperimentTable {
  const groups: ExperimentRow[][] = [];
  for (const row of rows) {
    if (row.baseline === undefined) groups.push([row]);
    else groups.at(-1)?.push(row);
  }
  const compare = (a: ExperimentRow, b: ExperimentRow): number => {
    const [x, y] = [a.values.get(column) ?? null, b.values.get(column) ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const order =
      typeof x === 'string' || typeof y === 'string' ? (String(x) < String(y) ? -1 : 1) : Number(x) - Number(y);
    return isDescending ? -order : order;
  };
  return { ...table, rows: groups.flatMap(([first, ...more]) => (first ? [first, ...more.toSorted(compare)] : [])) };
}
