import type { Selectable } from 'kysely';
import type { GateVerdict, VerdictEvaluation } from '@capstan/api';
import { isBehind, type NewestFirst, type Reader, type Schema, type Writer } from '#database';
import type { Approval } from './model.ts';

type VerdictRow = Selectable<Schema['verdicts']>;

export async function findVerdict(reader: Reader, id: string): Promise<GateVerdict | undefined> {
  const row = await reader.selectFrom('verdicts').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toVerdict(row);
}

export async function findRequested(reader: Reader, requestKey: string): Promise<GateVerdict | undefined> {
  const row = await reader.selectFrom('verdicts').selectAll().where('request_key', '=', requestKey).executeTakeFirst();
  return row && toVerdict(row);
}

/** Newest first; `behind` the last one seen. */
export async function listVerdicts(
  reader: Reader,
  query: NewestFirst & { readonly model: string; readonly version: number },
): Promise<GateVerdict[]> {
  let rows = reader
    .selectFrom('verdicts')
    .selectAll()
    .where('model', '=', query.model)
    .where('version', '=', query.version)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.behind) rows = rows.where(isBehind(query.behind));
  return (await rows.execute()).map(toVerdict);
}

export async function insertVerdict(writer: Writer, verdict: GateVerdict, requestKey: string | null): Promise<void> {
  await writer
    .insertInto('verdicts')
    .values({
      id: verdict.id,
      project: verdict.project,
      model: verdict.model,
      version: verdict.version,
      status: verdict.status,
      champion_version: verdict.championVersion,
      evaluation: verdict.evaluation.datasetVersionId,
      measured: JSON.stringify(verdict.evaluation),
      checks: JSON.stringify(verdict.checks),
      request_key: requestKey,
      cycle: verdict.cycle,
      actor: verdict.actor,
      created_at: verdict.at,
    })
    .execute();
}

function toVerdict(row: VerdictRow): GateVerdict {
  return {
    id: row.id,
    project: row.project,
    model: row.model,
    version: row.version,
    status: row.status,
    championVersion: row.champion_version,
    evaluation: JSON.parse(row.measured) as VerdictEvaluation,
    checks: JSON.parse(row.checks) as GateVerdict['checks'],
    cycle: row.cycle,
    actor: row.actor,
    at: row.created_at,
  };
}

/** Oldest first. */
export async function listApprovals(reader: Reader, model: string, version: number): Promise<Approval[]> {
  const rows = await reader
    .selectFrom('approvals')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('seq')
    .execute();
  return rows.map(({ role, actor, reason, created_at: at }) => ({ model, version, role, actor, reason, at }));
}

export async function insertApproval(writer: Writer, approval: Approval): Promise<void> {
  const { model, version, role, actor, reason, at } = approval;
  const seq = (await listApprovals(writer, model, version)).length + 1;
  await writer.insertInto('approvals').values({ model, version, seq, role, actor, reason, created_at: at }).execute();
}
