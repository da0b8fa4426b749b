import type { CallersPolicy, Quota, ServedAccess } from '@capstan/api';
import type { Insertable, Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { ConsumerFields } from './model.ts';

export type ConsumerRow = Selectable<Schema['consumers']>;
export type TokenRow = Selectable<Schema['consumer_tokens']>;
export type PolicyRow = Selectable<Schema['caller_policies']>;

export async function findConsumer(reader: Reader, name: string): Promise<ConsumerRow | undefined> {
  return await reader.selectFrom('consumers').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function listConsumers(reader: Reader, project?: string): Promise<ConsumerRow[]> {
  let rows = reader.selectFrom('consumers').selectAll().orderBy('name');
  if (project !== undefined) rows = rows.where('project', '=', project);
  return await rows.execute();
}

/** False where the name is taken. */
export async function insertConsumer(
  writer: Writer,
  row: ConsumerFields & { readonly name: string; readonly project: string; readonly createdAt: number },
): Promise<boolean> {
  const inserted = await writer
    .insertInto('consumers')
    .values({
      name: row.name,
      project: row.project,
      ...columnsOf(row),
      is_retired: 0,
      created_at: row.createdAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function updateConsumer(
  writer: Writer,
  name: string,
  change: Partial<ConsumerFields> & { readonly project?: string; readonly isRetired?: boolean },
): Promise<void> {
  const { project, isRetired, ...fields } = change;
  const columns = {
    ...columnsOf(fields),
    ...(project !== undefined && { project }),
    ...(isRetired !== undefined && { is_retired: Number(isRetired) }),
  };
  await writer.updateTable('consumers').set(columns).where('name', '=', name).execute();
}

function columnsOf<Fields extends Partial<ConsumerFields>>({ owner, purpose, deployments, quota }: Fields) {
  return {
    ...(owner !== undefined && { owner }),
    ...(purpose !== undefined && { purpose }),
    ...(deployments !== undefined && { deployments: jsonOrNull(deployments) }),
    ...(quota !== undefined && { quota: jsonOrNull(quota) }),
  } as { [Column in 'owner' | 'purpose']: string } & { [Column in 'deployments' | 'quota']: string | null };
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function fieldsIn(row: ConsumerRow): ConsumerFields {
  return {
    owner: row.owner,
    purpose: row.purpose,
    deployments: row.deployments === null ? null : (JSON.parse(row.deployments) as string[]),
    quota: row.quota === null ? null : (JSON.parse(row.quota) as Quota),
  };
}

export async function insertToken(writer: Writer, row: Insertable<Schema['consumer_tokens']>): Promise<void> {
  await writer.insertInto('consumer_tokens').values(row).execute();
}

/** Every token of the consumers, or of all, newest first; those that have ended too. */
export async function tokensOf(reader: Reader, consumer?: string): Promise<TokenRow[]> {
  let rows = reader.selectFrom('consumer_tokens').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc');
  if (consumer !== undefined) rows = rows.where('consumer', '=', consumer);
  return await rows.execute();
}

export function isLive({ revoked_at, expires_at }: TokenRow, now: number): boolean {
  return revoked_at === null && (expires_at === null || expires_at > now);
}

export async function updateToken(
  writer: Writer,
  id: string,
  change: Partial<Pick<TokenRow, 'expires_at' | 'revoked_at'>>,
): Promise<void> {
  await writer.updateTable('consumer_tokens').set(change).where('id', '=', id).execute();
}

/** It was shown at that time; an earlier time than is known changes nothing. */
export async function touchToken(writer: Writer, id: string, at: number): Promise<void> {
  await writer
    .updateTable('consumer_tokens')
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]))
    .execute();
}

export async function findPolicy(reader: Reader, deployment: string): Promise<PolicyRow | undefined> {
  return await reader.selectFrom('caller_policies').selectAll().where('deployment', '=', deployment).executeTakeFirst();
}

export async function policiesOf(reader: Reader, project: string): Promise<PolicyRow[]> {
  return await reader.selectFrom('caller_policies').selectAll().where('project', '=', project).execute();
}

export async function keepPolicy(writer: Writer, row: PolicyRow): Promise<void> {
  const { project, callers } = row;
  await writer
    .insertInto('caller_policies')
    .values(row)
    .onConflict((conflict) => conflict.column('deployment').doUpdateSet({ project, callers }))
    .execute();
}

/** What data planes are told. */
export async function accessNow(reader: Reader, now: number): Promise<ServedAccess> {
  const callers: CallersPolicy = 'declared';
  const policies = await reader
    .selectFrom('caller_policies')
    .select('deployment')
    .where('callers', '=', callers)
    .orderBy('deployment')
    .execute();
  const tokens = Map.groupBy(
    (await tokensOf(reader)).filter((row) => isLive(row, now)),
    ({ consumer }) => consumer,
  );
  const rows = (await listConsumers(reader)).filter(({ is_retired }) => is_retired === 0);
  return {
    consumers: rows.map((row) => {
      const { deployments, quota } = fieldsIn(row);
      const mine = (tokens.get(row.name) ?? []).map(({ id, sha256, expires_at }) => ({
        id,
        sha256,
        expiresAt: expires_at,
      }));
      return { name: row.name, deployments: deployments && [...deployments], quota, tokens: mine };
    }),
    declaredOnly: policies.map(({ deployment }) => deployment),
  };
}
