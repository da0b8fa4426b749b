import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { HotQuery } from './hot-query.ts';
import { translatedPostgresFailure } from './postgres-failure.ts';

/** Names of the statements that are kept, by their texts, which are constants of the stores. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `s${names.size}`));
  return name;
}

/** Sends a query. @throws DomainError UNAVAILABLE where the server is away, STORAGE_FULL; else what `pg` threw */
export async function ask<Row>(client: PoolClient, query: HotQuery): Promise<QueryResult<Row>> {
  try {
    const { command, rowCount, rows } = await client.query({
      text: query.sql,
      values: query.parameters as unknown[],
      ...(query.isKept === true && { name: nameOf(query.sql) }),
      ...(query.asLists === true && { rowMode: 'array' }),
    });
    const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE';
    return { rows: rows as Row[], ...(changes && { numAffectedRows: BigInt(rowCount ?? 0) }) };
  } catch (error) {
    throw translatedPostgresFailure(error);
  }
}

/** A connection of the pool. A break while it is lent out is told by its next query, and must not end this process. */
export async function borrow(pool: Pool): Promise<PoolClient> {
  try {
    const client = await pool.connect();
    client.on('error', passOver);
    return client;
  } catch (error) {
    throw translatedPostgresFailure(error);
  }
}

export function giveBack(client: PoolClient, isBroken = false): void {
  client.off('error', passOver);
  client.release(isBroken);
}

function passOver(): void {}

/** Each query on a connection of its own from the pool. */
export function pooledConnection(pool: Pool): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const client = await borrow(pool);
      try {
        return await ask<Row>(client, query);
      } finally {
        giveBack(client);
      }
    },
    streamQuery: refuseStream,
  };
}

export function refuseStream(): never {
  throw new Error('Rows are read in pages, not as a stream');
}
