import type { DatasetColumn, DatasetFile, DatasetVersion } from '@capstan/api';
import { invalid } from '#kernel/errors';
import { quoteName, type DataFile } from '#ports/analytics';
import type { DatasetsDeps } from './deps.ts';
import { factsOf } from './file-columns.ts';
import { scanFiles } from './file-scans.ts';
import { localData } from './local-files.ts';
import { describeCut, formatOf, mergeFiles, sideOf, spanOf, type Cut } from './model.ts';
import { canHold, derivedPlace } from './placement.ts';
import { instantOf } from './values.ts';
import { inTemporaryFile, keepWritten } from './written-files.ts';
import * as store from './store.ts';

export interface CutPlan {
  readonly sources: readonly DatasetVersion[];
  readonly columns: readonly DatasetColumn[];
  readonly where: Cut;
  /** Columns that name a row; what several sources have is taken from the first. */
  readonly key: readonly string[];
  /** Of the version that is made. */
  readonly dataset: string;
  readonly declaredPath: string | undefined;
  readonly eventTimeColumn: string | null;
}

export type Drafted = Pick<DatasetVersion, 'files' | 'columns' | 'eventTimeColumn' | 'eventTime'>;

/**
 * The files of a cut. Those of one source that lie wholly inside stay as they are, which costs nothing; the rows of those
 * that the edge goes through become one new file. Joined versions are written anew: a row may be in several.
 * @throws DomainError INVALID_ARGUMENT when no row lies in the cut
 */
export async function cutOut(deps: DatasetsDeps, plan: CutPlan, signal: AbortSignal | undefined): Promise<Drafted> {
  const { dataset, eventTimeColumn } = plan;
  const { kept, divided, isPart } = await divide(deps, plan, signal);
  const written = divided.some(({ files }) => files.length > 0)
    ? await writeRows(deps, { ...plan, sources: divided, isPart }, kept, signal)
    : undefined;
  const files = mergeFiles(kept, written ? [written.file] : []);
  if (files.length === 0)
    throw invalid(`No row lies in the cut (${describeCut(eventTimeColumn, plan.where)})`, { field: 'where' });
  const columns = kept.length === 0 && written ? written.columns : plan.columns;
  const scans = await scanFiles(deps, { dataset, files, columns, eventTimeColumn, signal });
  return { files, columns: [...columns], eventTimeColumn, eventTime: spanOf([...scans.values()]) };
}

type Source = Pick<DatasetVersion, 'dataset' | 'files'>;

interface Division {
  readonly kept: readonly DatasetFile[];
  /** The sources with those of their files that must be read row by row. */
  readonly divided: readonly Source[];
  /** The source has other files besides. */
  readonly isPart: boolean;
}

async function divide(deps: DatasetsDeps, plan: CutPlan, signal: AbortSignal | undefined): Promise<Division> {
  const { sources, columns, where, declaredPath, eventTimeColumn } = plan;
  const [source] = sources;
  const places = source?.files.map(({ path }) => path) ?? [];
  const canKeep = sources.length === 1 && canHold(declaredPath, places);
  if (!source || !canKeep || formatOf(source.files) !== 'parquet') return { kept: [], divided: sources, isPart: false };
  const { dataset, files } = source;
  const scans = await scanFiles(deps, { dataset, files, columns, eventTimeColumn, signal });
  const facts = await store.fileFacts(
    deps.database.read,
    files.map(({ digest }) => digest),
    'parquet',
  );
  // A file that lacks a column, or has it in another type, would change the columns of what is left.
  const alike = new Set(facts.filter((each) => isAlike(each.columns, columns)).map(({ digest }) => digest));
  const kept: DatasetFile[] = [];
  const divided: DatasetFile[] = [];
  for (const file of files) {
    const scan = scans.get(file.digest);
    const side = scan ? sideOf(scan, where) : 'both';
    if (side === 'in' && alike.has(file.digest)) kept.push(file);
    else if (side !== 'out') divided.push(file);
  }
  return { kept, divided: [{ dataset, files: divided }], isPart: divided.length < files.length };
}

function isAlike(columns: readonly DatasetColumn[], wanted: readonly DatasetColumn[]): boolean {
  const types = new Map(columns.map(({ name, storageType }) => [name, storageType]));
  return types.size === wanted.length && wanted.every(({ name, storageType }) => types.get(name) === storageType);
}

interface WritePlan extends Omit<CutPlan, 'sources'> {
  readonly sources: readonly Source[];
  readonly isPart: Division['isPart'];
}

/** Undefined when none of the rows lies in the cut. */
async function writeRows(
  deps: DatasetsDeps,
  plan: WritePlan,
  kept: readonly DatasetFile[],
  signal: AbortSignal | undefined,
): Promise<{ file: DatasetFile; columns: readonly DatasetColumn[] } | undefined> {
  const { dataset } = plan;
  const place = freePlace(plan, new Set(kept.map(({ path }) => path)));
  const format = formatOf([{ path: place }]);
  if (format === 'ndjson') throw invalid('A cut is written as Parquet or CSV', { field: 'dataset' });
  const tables: Record<string, DataFile[]> = {};
  for (const [index, source] of plan.sources.entries()) {
    tables[`s${index}`] = await localData(deps.blobs, source.dataset, source.files);
  }
  return await inTemporaryFile(deps, format, async (path) => {
    const { sql, parameters } = cutStatement(plan);
    const rows = await deps.analytics.write({ tables, sql, parameters, ...(signal && { signal }) }, { path, format });
    if (rows === 0) return undefined;
    const written = await keepWritten(deps, path);
    const { columns } = await factsOf(deps, `${dataset}/${place}`, written, format);
    return { file: { path: place, ...written, rows }, columns };
  });
}

/** The first name that no kept file has. */
function freePlace({ declaredPath, dataset }: WritePlan, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const place = derivedPlace(declaredPath, number === 1 ? dataset : `${dataset}-${number}`);
    if (!taken.has(place)) return place;
  }
}

/** Rows in full order (event time, then every column), so that equal rows give equal bytes. */
function cutStatement({ sources, columns, where, key, eventTimeColumn, isPart }: WritePlan): {
  sql: string;
  parameters: Record<string, number>;
} {
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  const parameters: Record<string, number> = {};
  const conditions: string[] = [];
  for (const [bound, sign] of [
    ['eventTimeFrom', '>='],
    ['eventTimeBefore', '<'],
  ] as const) {
    const value = where[bound];
    if (value === undefined || eventTimeColumn === null) continue;
    parameters[bound] = value;
    conditions.push(`${instantOf(eventTimeColumn)} ${sign} $${bound}`);
  }
  const filter = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  // In the types of the whole: some of its files may have narrower ones than all of them together.
  const cells = isPart
    ? columns
        .map(({ name, storageType }) => `cast(${quoteName(name)} as ${storageType}) as ${quoteName(name)}`)
        .join(', ')
    : names;
  const selects = sources.map((_, index) => `select ${cells}, ${index} as capstan_source from s${index}${filter}`);
  const order = [...(eventTimeColumn === null ? [] : [quoteName(eventTimeColumn)]), names].join(', ');
  const isDeduplicated = sources.length > 1 && key.length > 0;
  const once = isDeduplicated
    ? ` qualify row_number() over (partition by ${key.map(quoteName).join(', ')} order by capstan_source, ${names}) = 1`
    : '';
  return { sql: `select ${names} from (${selects.join(' union all ')})${once} order by ${order}`, parameters };
}
