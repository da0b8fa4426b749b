import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  countCategories,
  countNumbers,
  freezeCategoryBins,
  freezeNumericBins,
  type FrozenBins,
} from '#kernel/statistics/binning';
import { quoteName, type Cell, type DataColumn, type DataFile } from '#ports/analytics';
import type { MonitorsDeps } from './deps.ts';
import type { ColumnReference } from './drift.ts';

/** What a revision's training data looked like; or why nobody knows. */
export type Reference = { readonly columns: readonly ColumnReference[] } | { readonly unknown: string };

/** A version whose training is looked at. */
export interface Trained {
  readonly project: string;
  readonly model: string;
  readonly version: number;
}

const CATEGORIES = 50;
const BINS = 10;

/**
 * Counts the rows that a version was trained on into bins frozen from them, for the columns that are served (`served`).
 * One column after another, so that memory and pauses stay small whatever the number of rows.
 */
export async function measureReference(
  deps: Pick<MonitorsDeps, 'gates' | 'analytics'>,
  { project, model, version }: Trained,
  served: readonly string[],
): Promise<Reference> {
  const rows = await deps.gates.trainingRows(project, model, version);
  if ('unknown' in rows) return rows;
  const folder = await mkdtemp(join(tmpdir(), 'capstan-reference-'));
  try {
    const path = join(folder, 'training.parquet');
    await deps.analytics.write(rows, { path, format: 'parquet' });
    const file: DataFile = { path, format: 'parquet', label: `training data of ${model}/${version}` };
    const wanted = (await deps.analytics.columnsOf([file])).filter(({ name }) => served.includes(name));
    const columns: ColumnReference[] = [];
    for (const column of wanted) columns.push(await measureColumn(deps, file, column));
    return { columns };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureColumn(
  { analytics }: Pick<MonitorsDeps, 'analytics'>,
  file: DataFile,
  { name, storageType }: DataColumn,
): Promise<ColumnReference> {
  const sql = `select ${quoteName(name)} as v from r`;
  const { v: cells = [] } = await analytics.queryColumns({ tables: { r: [file] }, sql });
  const bins = isNumeric(storageType)
    ? freezeNumericBins(cells.map(numberOf), BINS)
    : freezeCategoryBins(cells.map(textOf), CATEGORIES);
  return { column: name, bins, counts: countInto(bins, cells) };
}

/** Rows a bin, in the order of `binLabels(bins)`. */
export function countInto(bins: FrozenBins, cells: readonly Cell[]): number[] {
  return bins.kind === 'numeric' ? countNumbers(bins, cells.map(numberOf)) : countCategories(bins, cells.map(textOf));
}

function isNumeric(storageType: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(storageType);
}

function numberOf(cell: Cell): number | null {
  return cell === null ? null : Number(cell);
}

function textOf(cell: Cell): string | null {
  return cell === null || typeof cell === 'string' ? cell : JSON.stringify(cell);
}
