import type { ModelPackage } from '@capstan/api';
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { ServedModel } from './spec.ts';

export type DeploymentRow = Selectable<Schema['deployments']>;
export type RevisionRow = Selectable<Schema['revisions']>;
export type RolloutRow = Selectable<Schema['rollouts']>;
export type RecalibrationRow = Selectable<Schema['recalibrations']>;
type SnapshotRow = Selectable<Schema['serving_snapshot']>;
export type ReplicaRow = Selectable<Schema['serving_replicas']>;

const ENDED = ['promoted', 'rolled-back'] as const;
const SNAPSHOT_ID = 1;
/** Rows of one statement. */
const PACKAGE_PORTION = 200;

export async function getDeployment(reader: Reader, name: string): Promise<DeploymentRow | undefined> {
  return await reader.selectFrom('deployments').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function listDeployments(reader: Reader, project?: string): Promise<DeploymentRow[]> {
  let query = reader.selectFrom('deployments').selectAll().orderBy('name');
  if (project !== undefined) query = query.where('project', '=', project);
  return await query.execute();
}

export async function insertDeployment(writer: Writer, row: Insertable<Schema['deployments']>): Promise<void> {
  await writer.insertInto('deployments').values(row).execute();
}

export async function updateDeployment(
  writer: Writer,
  name: string,
  change: Updateable<Schema['deployments']>,
): Promise<void> {
  await writer.updateTable('deployments').set(change).where('name', '=', name).execute();
}

export async function insertRevision(writer: Writer, row: Insertable<Schema['revisions']>): Promise<void> {
  await writer.insertInto('revisions').values(row).execute();
}

export async function getRevision(
  reader: Reader,
  deployment: string,
  number: number,
): Promise<RevisionRow | undefined> {
  return await reader
    .selectFrom('revisions')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('number', '=', number)
    .executeTakeFirst();
}

export async function listRevisions(reader: Reader, deployment: string): Promise<RevisionRow[]> {
  return await reader
    .selectFrom('revisions')
    .selectAll()
    .where('deployment', '=', deployment)
    .orderBy('number', 'desc')
    .execute();
}

/** Whether any revision is made of this file: only such blobs are handed to data planes. */
export async function isModelFile(reader: Reader, digest: string): Promise<boolean> {
  const query = reader
    .selectFrom('revisions')
    .select('model_digest as digest')
    .where('model_digest', '=', digest)
    .where('flavor', '=', 'onnx')
    .unionAll(reader.selectFrom('model_packages').select('digest').where('digest', '=', digest))
    .limit(1);
  return (await query.executeTakeFirst()) !== undefined;
}

/** The files of a package by path; none when it is unknown. */
export async function packageFiles(reader: Reader, digest: string): Promise<ModelPackage['files']> {
  const rows = await reader
    .selectFrom('model_packages')
    .selectAll()
    .where('package_digest', '=', digest)
    .orderBy('path')
    .execute();
  return rows.map((row) => ({
    path: row.path,
    digest: row.digest as `sha256:${string}`,
    sizeBytes: row.size_bytes,
  }));
}

/** Keeps the list of files that has this digest; the same again has no effect. */
export async function insertPackage(writer: Writer, digest: string, files: ServedModel['files']): Promise<void> {
  const rows = files.map((file) => ({
    package_digest: digest,
    path: file.path,
    digest: file.digest,
    size_bytes: file.sizeBytes,
  }));
  for (let at = 0; at < rows.length; at += PACKAGE_PORTION) {
    await writer
      .insertInto('model_packages')
      .values(rows.slice(at, at + PACKAGE_PORTION))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

export async function pushChampion(writer: Writer, deployment: string, revision: number, since: number): Promise<void> {
  const last = await writer
    .selectFrom('champions')
    .select('seq')
    .where('deployment', '=', deployment)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  await writer
    .insertInto('champions')
    .values({ deployment, seq: (last?.seq ?? 0) + 1, revision, since })
    .execute();
}

/** Promotions in their order. */
export async function listPromotions(reader: Reader, deployment: string) {
  return await reader
    .selectFrom('champions')
    .select(['revision', 'since as at'])
    .where('deployment', '=', deployment)
    .orderBy('seq')
    .execute();
}

/** The revision that was champion before `revision` became it; undefined when there was none. */
export async function championBefore(
  reader: Reader,
  deployment: string,
  revision: number,
): Promise<number | undefined> {
  const rows = await reader
    .selectFrom('champions')
    .select('revision')
    .where('deployment', '=', deployment)
    .orderBy('seq')
    .execute();
  const became = rows.findIndex((row) => row.revision === revision);
  return became > 0 ? rows[became - 1]?.revision : undefined;
}

export async function hasBeenChampion(reader: Reader, deployment: string, revision: number): Promise<boolean> {
  const row = await reader
    .selectFrom('champions')
    .select('seq')
    .where('deployment', '=', deployment)
    .where('revision', '=', revision)
    .executeTakeFirst();
  return row !== undefined;
}

/** The revision that was promoted last; after a rollback it is not the champion. */
export async function lastPromoted(reader: Reader, deployment: string): Promise<number | undefined> {
  const row = await reader
    .selectFrom('champions')
    .select('revision')
    .where('deployment', '=', deployment)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.revision;
}

export async function insertRollout(writer: Writer, row: Insertable<Schema['rollouts']>): Promise<void> {
  await writer.insertInto('rollouts').values(row).execute();
}

export async function updateRollout(writer: Writer, id: string, change: Updateable<Schema['rollouts']>): Promise<void> {
  await writer.updateTable('rollouts').set(change).where('id', '=', id).execute();
}

export async function getRollout(reader: Reader, id: string): Promise<RolloutRow | undefined> {
  return await reader.selectFrom('rollouts').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function openRollout(reader: Reader, deployment: string): Promise<RolloutRow | undefined> {
  return await reader
    .selectFrom('rollouts')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('state', 'not in', ENDED)
    .executeTakeFirst();
}

export async function openRollouts(reader: Reader): Promise<RolloutRow[]> {
  return await reader.selectFrom('rollouts').selectAll().where('state', 'not in', ENDED).execute();
}

export async function listRollouts(reader: Reader, deployment: string): Promise<RolloutRow[]> {
  return await reader
    .selectFrom('rollouts')
    .selectAll()
    .where('deployment', '=', deployment)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

export async function readSnapshot(
  reader: Reader,
): Promise<Pick<SnapshotRow, 'version' | 'body' | 'access'> | undefined> {
  return await reader
    .selectFrom('serving_snapshot')
    .select(['version', 'body', 'access'])
    .where('id', '=', SNAPSHOT_ID)
    .executeTakeFirst();
}

/** 0 before the first one. */
export async function snapshotVersion(reader: Reader): Promise<number> {
  const found = await reader
    .selectFrom('serving_snapshot')
    .select('version')
    .where('id', '=', SNAPSHOT_ID)
    .executeTakeFirst();
  return found?.version ?? 0;
}

/** What is not given stays. */
export async function writeSnapshot(
  writer: Writer,
  version: number,
  change: { readonly body: string } | { readonly access: string },
): Promise<void> {
  await writer
    .insertInto('serving_snapshot')
    .values({ id: SNAPSHOT_ID, version, body: '[]', ...change })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ version, ...change }))
    .execute();
}

export async function upsertReplica(writer: Writer, row: Insertable<Schema['serving_replicas']>): Promise<void> {
  await writer
    .insertInto('serving_replicas')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('replica').doUpdateSet({ reported_at: row.reported_at, report: row.report }),
    )
    .execute();
}

export async function deleteReplica(writer: Writer, replica: string): Promise<void> {
  await writer.deleteFrom('serving_replicas').where('replica', '=', replica).execute();
}

export async function getReplica(reader: Reader, replica: string): Promise<ReplicaRow | undefined> {
  return await reader.selectFrom('serving_replicas').selectAll().where('replica', '=', replica).executeTakeFirst();
}

export async function listReplicas(reader: Reader): Promise<ReplicaRow[]> {
  return await reader.selectFrom('serving_replicas').selectAll().orderBy('replica').execute();
}

export async function insertRecalibration(writer: Writer, row: Omit<RecalibrationRow, 'seq'>): Promise<void> {
  const last = await writer
    .selectFrom('recalibrations')
    .select('seq')
    .where('deployment', '=', row.deployment)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  await writer
    .insertInto('recalibrations')
    .values({ ...row, seq: (last?.seq ?? 0) + 1 })
    .execute();
}

/** The latest of each revision. */
export async function latestRecalibrations(reader: Reader, deployment: string): Promise<Map<number, RecalibrationRow>> {
  const rows = await reader
    .selectFrom('recalibrations as r')
    .selectAll('r')
    .where('r.deployment', '=', deployment)
    .where(({ eb, selectFrom, ref }) =>
      eb(
        'r.seq',
        '=',
        selectFrom('recalibrations as later')
          .select(({ fn }) => fn.max('later.seq').as('seq'))
          .where('later.deployment', '=', ref('r.deployment'))
          .where('later.revision', '=', ref('r.revision')),
      ),
    )
    .execute();
  return new Map(rows.map((row) => [row.revision, row]));
}

/** Newest first, before number `before`. */
export async function listRecalibrations(
  reader: Reader,
  deployment: string,
  limit: number,
  before: number | undefined,
): Promise<RecalibrationRow[]> {
  let query = reader.selectFrom('recalibrations').selectAll().where('deployment', '=', deployment);
  if (before !== undefined) query = query.where('seq', '<', before);
  return await query.orderBy('seq', 'desc').limit(limit).execute();
}
