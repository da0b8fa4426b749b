import type { Reader } from '#database';
import type { PredictionRow } from './store.ts';

interface PartKey {
  readonly deployment: string;
  readonly exampleId: string;
  readonly role: PredictionRow['role'];
  readonly revision: number;
  readonly requestId: string;
}

/** The rows of the part that an answer belongs to, in the order of the log. The answer alone where its part has no head. */
export async function partAround(reader: Reader, key: PartKey): Promise<PredictionRow[]> {
  const inPart = reader
    .selectFrom('predictions')
    .selectAll()
    .where('deployment', '=', key.deployment)
    .where('role', '=', key.role)
    .where('revision', '=', key.revision);
  const own = await inPart.where('example_id', '=', key.exampleId).execute();
  const seq = own[0]?.seq ?? 0;
  // Rows of a part are numbered in a row, and its first one says how many it had: those sent again are left out.
  const head = await reader
    .selectFrom('predictions')
    .select(['seq', 'part_rows', 'request_id', 'role', 'revision'])
    .where('deployment', '=', key.deployment)
    .where('part_rows', '>', 0)
    .where('seq', '<=', seq)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const isOwn = head?.request_id === key.requestId && head.role === key.role && head.revision === key.revision;
  if (!isOwn) return own;
  return await inPart
    .where('request_id', '=', key.requestId)
    .where('seq', '>=', head.seq)
    .where('seq', '<', head.seq + head.part_rows)
    .orderBy('seq')
    .execute();
}

export async function featureFileOf(reader: Reader, segment: string, deployment: string): Promise<string | undefined> {
  const row = await reader
    .selectFrom('prediction_features')
    .select('digest')
    .where('segment', '=', segment)
    .where('deployment', '=', deployment)
    .executeTakeFirst();
  return row?.digest;
}
