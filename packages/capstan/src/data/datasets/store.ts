import type { Selectable } from 'kysely';
import type {
  DatasetColumn,
  DatasetProfile,
  DatasetVersion,
  DatasetVersionStatus,
  DatasetVersionSummary,
} from '@capstan/api';
import type { Reader, Schema, Writer } from '#database';
import type { DataFormat } from '#ports/analytics';
import type { Settlement, Split } from './model.ts';

type VersionRow = Selectable<Schema['dataset_versions']>;

const summaryColumns = [
  'id',
  'project',
  'dataset',
  'number',
  'status',
  'origin',
  'digest',
  'rows',
  'quarantined_rows',
  'size_bytes',
  'file_count',
  'event_time_min',
  'event_time_max',
  'created_at',
  'checked_at',
] as const;

type SummaryRow = Pick<VersionRow, (typeof summaryColumns)[number]>;

export interface FileFacts {
  readonly digest: string;
  readonly format: DataFormat;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
}

export async function fileFacts(reader: Reader, digests: readonly string[], format: DataFormat): Promise<FileFacts[]> {
  const found: FileFacts[] = [];
  // In portions: a statement takes only so many parameters.
  for (let start = 0; start < digests.length; start += 500) {
    const rows = await reader
      .selectFrom('data_files')
      .selectAll()
      .where('digest', 'in', digests.slice(start, start + 500))
      .where('format', '=', format)
      .execute();
    found.push(
      ...rows.map((row) => ({
        digest: row.digest,
        format,
        sizeBytes: row.size_bytes,
        rows: row.rows,
        columns: JSON.parse(row.columns) as DatasetColumn[],
      })),
    );
  }
  return found;
}

export async function rememberFile(writer: Writer, facts: FileFacts): Promise<void> {
  const { digest, format, sizeBytes, rows, columns } = facts;
  await writer
    .insertInto('data_files')
    .values({ digest, format, size_bytes: sizeBytes, rows, columns: JSON.stringify(columns) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function md5Of(reader: Reader, digest: string): Promise<string | undefined> {
  const row = await reader
    .selectFrom('data_files')
    .select('md5')
    .where('digest', '=', digest)
    .where('md5', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row?.md5 ?? undefined;
}

export async function rememberMd5(writer: Writer, digest: string, md5: string): Promise<void> {
  await writer.updateTable('data_files').set({ md5 }).where('digest', '=', digest).execute();
}

export async function find(reader: Reader, id: string): Promise<DatasetVersion | undefined> {
  const row = await reader.selectFrom('dataset_versions').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toVersion(row);
}

/** The newest snapshot; cuts of snapshots are not among them. */
export async function newest(
  reader: Reader,
  project: string,
  dataset: string,
  statuses: readonly DatasetVersionStatus[],
): Promise<DatasetVersion | undefined> {
  const row = await reader
    .selectFrom('dataset_versions')
    .selectAll()
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .where('origin', '!=', 'derived')
    .where('status', 'in', statuses)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** The newest snapshot with this content, or made of it by putting rows aside. */
export async function findContent(
  reader: Reader,
  project: string,
  dataset: string,
  digest: string,
): Promise<DatasetVersion | undefined> {
  const row = await reader
    .selectFrom('dataset_versions')
    .selectAll()
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .where((where) => where.or([where('digest', '=', digest), where('registered_digest', '=', digest)]))
    .where('origin', '!=', 'derived')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toVersion(row);
}

export async function findRecipe(
  reader: Reader,
  project: string,
  dataset: string,
  recipeDigest: string,
): Promise<DatasetVersion | undefined> {
  const row = await reader
    .selectFrom('dataset_versions')
    .selectAll()
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .where('recipe_digest', '=', recipeDigest)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** Versions with this one among their parents, newest first. */
export async function madeFrom(reader: Reader, project: string, versionId: string): Promise<DatasetVersion[]> {
  const rows = await reader
    .selectFrom('dataset_versions')
    .selectAll()
    .where('project', '=', project)
    .where('parents', 'like', `%${JSON.stringify(versionId)}%`)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(100)
    .execute();
  return rows.map(toVersion).filter(({ parents }) => parents.some((parent) => parent.versionId === versionId));
}

export interface VersionQuery {
  readonly project: string;
  readonly dataset: string;
  readonly status?: DatasetVersionStatus | undefined;
  readonly number?: number | undefined;
  /** Only versions with a smaller number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function list(reader: Reader, query: VersionQuery): Promise<DatasetVersionSummary[]> {
  let rows = reader
    .selectFrom('dataset_versions')
    .select(summaryColumns)
    .where('project', '=', query.project)
    .where('dataset', '=', query.dataset)
    .orderBy('number', 'desc')
    .limit(query.limit);
  if (query.status !== undefined) rows = rows.where('status', '=', query.status);
  if (query.number !== undefined) rows = rows.where('number', '=', query.number);
  if (query.before !== undefined) rows = rows.where('number', '<', query.before);
  return (await rows.execute()).map(toSummary);
}

/** Newest snapshots that are in quarantine, of all projects by name. */
export async function inQuarantine(reader: Reader): Promise<DatasetVersionSummary[]> {
  const rows = await reader
    .selectFrom('dataset_versions as version')
    .select(summaryColumns.map((column) => `version.${column}` as const))
    .where('version.status', '=', 'quarantined')
    .where('version.origin', '!=', 'derived')
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('dataset_versions as later')
            .select('later.id')
            .whereRef('later.project', '=', 'version.project')
            .whereRef('later.dataset', '=', 'version.dataset')
            .whereRef('later.number', '>', 'version.number')
            .where('later.origin', '!=', 'derived')
            .where('later.status', 'in', ['pending', 'accepted', 'quarantined']),
        ),
      ),
    )
    .orderBy('version.project')
    .orderBy('version.dataset')
    .execute();
  return rows.map(toSummary);
}

export async function countByDataset(reader: Reader, project: string): Promise<Map<string, number>> {
  const rows = await reader
    .selectFrom('dataset_versions')
    .select(['dataset', (build) => build.fn.countAll<number>().as('versions')])
    .where('project', '=', project)
    .groupBy('dataset')
    .execute();
  return new Map(rows.map((row) => [row.dataset, Number(row.versions)]));
}

export async function lastNumber(reader: Reader, project: string, dataset: string): Promise<number> {
  const row = await reader
    .selectFrom('dataset_versions')
    .select('number')
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.number ?? 0;
}

export async function insert(writer: Writer, version: DatasetVersion, recipeDigest: string | null): Promise<void> {
  await writer
    .insertInto('dataset_versions')
    .values({
      id: version.id,
      project: version.project,
      dataset: version.dataset,
      number: version.number,
      digest: version.digest,
      status: version.status,
      origin: version.origin,
      rows: version.rows,
      size_bytes: version.sizeBytes,
      file_count: version.fileCount,
      files: JSON.stringify(version.files),
      columns: JSON.stringify(version.columns),
      event_time_column: version.eventTimeColumn,
      event_time_min: version.eventTime?.min ?? null,
      event_time_max: version.eventTime?.max ?? null,
      parents: JSON.stringify(version.parents),
      recipe_digest: recipeDigest,
      profile: version.profile && JSON.stringify(version.profile),
      report: version.report && JSON.stringify(version.report),
      registered_digest: version.quarantine?.registered.digest ?? null,
      quarantined_rows: version.quarantinedRows,
      quarantine: version.quarantine && JSON.stringify(version.quarantine),
      created_at: version.createdAt,
      checked_at: version.checkedAt,
    })
    .execute();
}

export async function settle(writer: Writer, settlement: Settlement, checkedAt: number): Promise<void> {
  const { profiled, split } = settlement;
  await writer
    .updateTable('dataset_versions')
    .set({
      status: settlement.status,
      profile: profiled?.profile ? JSON.stringify(profiled.profile) : null,
      report: JSON.stringify(settlement.report),
      event_time_min: profiled?.eventTime?.min ?? null,
      event_time_max: profiled?.eventTime?.max ?? null,
      checked_at: checkedAt,
      ...(split && splitFields(split)),
    })
    .where('id', '=', settlement.versionId)
    .execute();
}

function splitFields({ content, quarantine }: Split) {
  return {
    digest: content.digest,
    rows: content.rows,
    size_bytes: content.sizeBytes,
    file_count: content.fileCount,
    files: JSON.stringify(content.files),
    columns: JSON.stringify(content.columns),
    registered_digest: quarantine.registered.digest,
    quarantined_rows: quarantine.rows,
    quarantine: JSON.stringify(quarantine),
  };
}

/** Keeps a profile that was made after the check; a version has one content, hence one profile. */
export async function keepProfile(writer: Writer, id: string, profile: DatasetProfile): Promise<void> {
  await writer
    .updateTable('dataset_versions')
    .set({ profile: JSON.stringify(profile) })
    .where('id', '=', id)
    .where('profile', 'is', null)
    .where('status', '!=', 'pending')
    .execute();
}

export async function reopen(writer: Writer, id: string): Promise<void> {
  await writer.updateTable('dataset_versions').set({ status: 'pending' }).where('id', '=', id).execute();
}

function toSummary(row: SummaryRow): DatasetVersionSummary {
  const { event_time_min: min, event_time_max: max } = row;
  return {
    id: row.id,
    project: row.project,
    dataset: row.dataset,
    number: row.number,
    status: row.status,
    origin: row.origin,
    digest: row.digest,
    rows: row.rows,
    quarantinedRows: row.quarantined_rows,
    sizeBytes: row.size_bytes,
    fileCount: row.file_count,
    eventTime: min === null || max === null ? null : { min, max },
    createdAt: row.created_at,
    checkedAt: row.checked_at,
  };
}

function toVersion(row: VersionRow): DatasetVersion {
  return {
    ...toSummary(row),
    files: JSON.parse(row.files) as DatasetVersion['files'],
    columns: JSON.parse(row.columns) as DatasetVersion['columns'],
    eventTimeColumn: row.event_time_column,
    parents: JSON.parse(row.parents) as DatasetVersion['parents'],
    profile: row.profile === null ? null : (JSON.parse(row.profile) as DatasetVersion['profile']),
    report: row.report === null ? null : (JSON.parse(row.report) as DatasetVersion['report']),
    quarantine: row.quarantine === null ? null : (JSON.parse(row.quarantine) as DatasetVersion['quarantine']),
  };
}
