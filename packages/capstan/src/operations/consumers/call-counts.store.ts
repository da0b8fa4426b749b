import type { CallCount } from '@capstan/api';
import type { Reader, Writer } from '#database';

/** What somebody asked. */
export interface Volume {
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  readonly refused: number;
}

/** A caller without a token, of one deployment. */
export interface CallerVolume extends Volume {
  readonly deployment: string;
  /** Both empty for all those past the most that are told apart. */
  readonly agent: string;
  readonly address: string;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** In the place of a consumer, for callers without a token. */
const UNDECLARED = '';

/** False where it has been taken before. */
export async function insertBatch(
  writer: Writer,
  row: { readonly id: string; readonly replica: string; readonly receivedAt: number },
): Promise<boolean> {
  const inserted = await writer
    .insertInto('call_batches')
    .values({ id: row.id, replica: row.replica, received_at: row.receivedAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Adds a count of a caller whose token is not known to those of its hour. */
export async function addUnknown(writer: Writer, count: CallCount & { readonly unknownToken: string }): Promise<void> {
  const { unknownToken: token, deployment, hour, agent, address, requests, lastAt } = count;
  await writer
    .insertInto('unknown_callers')
    .values({ token, deployment, hour, agent, address, requests, last_at: lastAt })
    .onConflict((conflict) =>
      conflict.columns(['hour', 'deployment', 'token', 'agent', 'address']).doUpdateSet(({ ref, eb }) => ({
        requests: eb(ref('unknown_callers.requests'), '+', requests),
        last_at: lastAt,
      })),
    )
    .execute();
}

/** A caller whose token is not known. */
export interface UnknownVolume {
  readonly token: string;
  readonly deployment: string;
  readonly agent: string;
  readonly address: string;
  readonly requests: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** From an hour on, those that asked most first. */
export async function unknownCallers(
  reader: Reader,
  from: number,
  limit: number,
  deployment?: string,
): Promise<UnknownVolume[]> {
  let query = reader
    .selectFrom('unknown_callers')
    .select(({ fn }) => [
      'token',
      'deployment',
      'agent',
      'address',
      fn.sum<number | string>('requests').as('requests'),
      fn.min('hour').as('firstAt'),
      fn.max('last_at').as('lastAt'),
    ])
    .where('hour', '>=', from)
    .groupBy(['token', 'deployment', 'agent', 'address'])
    .orderBy('requests', 'desc')
    .orderBy('token')
    .orderBy('deployment')
    .orderBy('agent')
    .orderBy('address')
    .limit(limit);
  if (deployment !== undefined) query = query.where('deployment', '=', deployment);
  return (await query.execute()).map((caller) => ({ ...caller, requests: Number(caller.requests) }));
}

/** Adds a count to those of its caller and hour. */
export async function addCount(writer: Writer, count: CallCount): Promise<void> {
  const { deployment, hour, consumer, agent, address, requests, rows, errors, refused, lastAt } = count;
  const key = { deployment, hour, consumer: consumer ?? UNDECLARED, agent, address };
  await writer
    .insertInto('call_counts')
    .values({ ...key, requests, rows, errors, refused, last_at: lastAt })
    .onConflict((conflict) =>
      conflict.columns(['deployment', 'hour', 'consumer', 'agent', 'address']).doUpdateSet(({ ref, eb, val }) => ({
        requests: eb(ref('call_counts.requests'), '+', requests),
        rows: eb(ref('call_counts.rows'), '+', rows),
        errors: eb(ref('call_counts.errors'), '+', errors),
        refused: eb(ref('call_counts.refused'), '+', refused),
        last_at: eb
          .case()
          .when(ref('call_counts.last_at'), '<', val(lastAt))
          .then(val(lastAt))
          .else(ref('call_counts.last_at'))
          .end(),
      })),
    )
    .execute();
}

/** Of consumers, by consumer, hour and deployment, from an hour on. */
export async function consumerCounts(
  reader: Reader,
  from: number,
  of: { readonly consumer?: string; readonly deployment?: string | undefined } = {},
): Promise<(Volume & { consumer: string; deployment: string; hour: number; lastAt: number })[]> {
  let query = reader
    .selectFrom('call_counts')
    .select(['consumer', 'deployment', 'hour', 'requests', 'rows', 'errors', 'refused', 'last_at as lastAt'])
    .where('hour', '>=', from)
    .where('consumer', '<>', UNDECLARED)
    .orderBy('hour');
  if (of.consumer !== undefined) query = query.where('consumer', '=', of.consumer);
  if (of.deployment !== undefined) query = query.where('deployment', '=', of.deployment);
  return await query.execute();
}

/** Callers without a token from an hour on, those that asked most first. */
export async function undeclaredCallers(
  reader: Reader,
  from: number,
  limit: number,
  deployment?: string,
): Promise<CallerVolume[]> {
  let query = reader
    .selectFrom('call_counts')
    .select(({ fn }) => [
      'deployment',
      'agent',
      'address',
      fn.sum<number | string>('requests').as('requests'),
      fn.sum<number | string>('rows').as('rows'),
      fn.sum<number | string>('errors').as('errors'),
      fn.sum<number | string>('refused').as('refused'),
      fn.min('hour').as('firstAt'),
      fn.max('last_at').as('lastAt'),
    ])
    .where('hour', '>=', from)
    .where('consumer', '=', UNDECLARED)
    .groupBy(['deployment', 'agent', 'address'])
    .orderBy('requests', 'desc')
    .orderBy('deployment')
    .orderBy('agent')
    .orderBy('address')
    .limit(limit);
  if (deployment !== undefined) query = query.where('deployment', '=', deployment);
  const found = await query.execute();
  // PostgreSQL gives sums of bigint as text.
  return found.map(({ requests, rows, errors, refused, ...caller }) => ({
    ...caller,
    requests: Number(requests),
    rows: Number(rows),
    errors: Number(errors),
    refused: Number(refused),
  }));
}

/** Forgets counts of hours before a time, and which batches were taken before it. */
export async function dropCounts(writer: Writer, before: number): Promise<void> {
  await writer.deleteFrom('call_counts').where('hour', '<', before).execute();
  await writer.deleteFrom('unknown_callers').where('hour', '<', before).execute();
  await writer.deleteFrom('call_batches').where('received_at', '<', before).execute();
}
