import type { ColumnShift, DatasetColumn, DatasetDiff, DatasetFile, DatasetVersion } from '@capstan/api';
import { invalid } from '#kernel/errors';
import { binLabels } from '#kernel/statistics/binning';
import { jensenShannonDistance } from '#kernel/statistics/jensen-shannon';
import { populationStabilityIndex } from '#kernel/statistics/population-stability';
import type { DatasetsDeps } from './deps.ts';
import { localData } from './local-files.ts';
import { diffRows, type DiffSide } from './row-diff.ts';
import { countBins, freezeBins } from './spread.ts';

/** What changed between two described versions of one project; `key`: columns that name a row. @throws DomainError */
export async function diffVersions(
  deps: DatasetsDeps,
  {
    before,
    after,
    key,
    signal,
  }: { before: DatasetVersion; after: DatasetVersion; key: readonly string[]; signal?: AbortSignal },
): Promise<Omit<DatasetDiff, 'before' | 'after'>> {
  if (before.project !== after.project) {
    throw invalid(`Version ${after.id} belongs to the project ${after.project}`, { field: 'other' });
  }
  const shared = before.columns.filter(({ name }) => after.columns.some((column) => column.name === name));
  const unshared = (files: readonly DatasetFile[], others: readonly DatasetFile[]) => {
    const digests = new Set(others.map(({ digest }) => digest));
    return files.filter(({ digest }) => !digests.has(digest));
  };
  // Rows of files that both versions have are the same rows, whatever is in them: only the others are read.
  const sides = await Promise.all(
    [
      { version: before, files: unshared(before.files, after.files) },
      { version: after, files: unshared(after.files, before.files) },
    ].map(async ({ version, files }): Promise<DiffSide> => ({
      files: files.length === 0 ? [] : await localData(deps.blobs, version.dataset, files),
      columns: version.columns,
      rows: files.reduce((total, file) => total + file.rows, 0),
    })),
  );
  const [left, right] = sides as [DiffSide, DiffSide];
  const rows = await diffRows(deps.analytics, { before: left, after: right, shared, key, signal });
  return {
    schemaChanges: diffSchema(before.columns, after.columns),
    files: diffFiles(before.files, after.files),
    rows: { ...rows, same: rows.same + before.rows - left.rows },
    columns: await diffColumns(deps, { before, after, shared, signal }),
  };
}

function diffSchema(before: readonly DatasetColumn[], after: readonly DatasetColumn[]): DatasetDiff['schemaChanges'] {
  const [had, has] = [before, after].map((columns) => new Map(columns.map((column) => [column.name, column]))) as [
    Map<string, DatasetColumn>,
    Map<string, DatasetColumn>,
  ];
  return {
    added: after.filter(({ name }) => !had.has(name)),
    removed: before.filter(({ name }) => !has.has(name)),
    changed: before.flatMap(({ name, storageType }) => {
      const now = has.get(name)?.storageType;
      return now === undefined || now === storageType ? [] : [{ name, before: storageType, after: now }];
    }),
  };
}

function diffFiles(before: readonly DatasetFile[], after: readonly DatasetFile[]): DatasetDiff['files'] {
  const had = new Map(before.map(({ path, digest }) => [path, digest]));
  const has = new Set(after.map(({ path }) => path));
  const both = after.filter(({ path }) => had.has(path));
  const same = both.filter(({ path, digest }) => had.get(path) === digest).length;
  return {
    added: after.length - both.length,
    removed: before.filter(({ path }) => !has.has(path)).length,
    changed: both.length - same,
    same,
  };
}

async function diffColumns(
  { analytics, blobs }: DatasetsDeps,
  {
    before,
    after,
    shared,
    signal,
  }: {
    before: DatasetVersion;
    after: DatasetVersion;
    shared: readonly DatasetColumn[];
    signal: AbortSignal | undefined;
  },
): Promise<ColumnShift[]> {
  const askOf = async (version: DatasetVersion) => {
    const files = await localData(blobs, version.dataset, version.files);
    return (sql: string) => analytics.query({ tables: { data: files }, sql, ...(signal && { signal }) });
  };
  const [then, now] = [await askOf(before), await askOf(after)];
  const typeAfter = new Map(after.columns.map((column) => [column.name, column]));
  const comparable = shared.filter(({ name, type }) => kindOf(typeAfter.get(name)?.type) === kindOf(type));
  const bins = await freezeBins(then, comparable);
  const counted = await countBins(then, bins, before.rows);
  const recounted = await countBins(
    now,
    bins.map((each) => ({ ...each, column: typeAfter.get(each.column.name) ?? each.column })),
    after.rows,
  );
  const shifts = bins.map(({ column, bins: frozen }, index): ColumnShift => {
    const [left, right] = [counted[index] ?? [], recounted[index] ?? []];
    const isCounted = before.rows > 0 && after.rows > 0;
    return {
      name: column.name,
      type: column.type,
      distance: isCounted ? jensenShannonDistance(left, right) : null,
      stability: isCounted ? populationStabilityIndex(left, right) : null,
      bins: binLabels(frozen).map((label, bin) => ({ label, before: left[bin] ?? 0, after: right[bin] ?? 0 })),
      missing: { before: left.at(-1) ?? 0, after: right.at(-1) ?? 0 },
      mean: { before: meanOf(before, column.name), after: meanOf(after, column.name) },
    };
  });
  return shifts.toSorted((a, b) => (b.distance ?? 0) - (a.distance ?? 0) || (a.name < b.name ? -1 : 1));
}

function meanOf({ profile }: DatasetVersion, name: string): number | null {
  return profile?.columns.find((column) => column.name === name)?.mean ?? null;
}

function kindOf(type: DatasetColumn['type'] | undefined): string | undefined {
  return type === 'integer' ? 'number' : type === 'date' ? 'timestamp' : type;
}
