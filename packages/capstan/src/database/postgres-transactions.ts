import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely';
import type { Connection, Pool, PoolClient } from 'pg';
import type { CommitTarget } from './group-commit.ts';
import { ask, borrow, giveBack, refuseStream } from './postgres-connection.ts';

/** Any constant: names the advisory lock of the chain of facts among those of this database. */
export const CHAIN_LOCK = 0x63617073;
/** PostgreSQL keeps up to 64 subtransactions of each transaction at hand; beyond, everyone who reads has to look them up. */
const MOST_SAVEPOINTS = 60;

const statement = (text: string): CompiledQuery & { isKept: true } => ({ ...CompiledQuery.raw(text), isKept: true });
const BEGIN = statement('begin');
const LOCK = statement(`select pg_advisory_xact_lock(${CHAIN_LOCK})`);
const SAVEPOINT = statement('savepoint one_write');
const RELEASE = statement('release savepoint one_write');
const ROLL_BACK_TO = statement('rollback to savepoint one_write');
const COMMIT = statement('commit');
const ROLLBACK = statement('rollback');

/**
 * What the group commit does on PostgreSQL. The connection takes queries before it has answered those before them, so a
 * statement whose answer nobody needs costs no way there and back; what has failed is told by the next that is waited for.
 * Each transaction holds the lock of the chain of facts from its first statement on, also those that append none: servers
 * that share the database write one after another, hence never wait for each other in a circle.
 */
export class PostgresTransactions implements CommitTarget {
  readonly mostWrites = MOST_SAVEPOINTS;
  readonly #pool: Pool;
  #client: PoolClient | undefined;
  /** Counts the writes. */
  #write = 0;
  #unanswered = 0;
  /** The first since the savepoint: PostgreSQL refuses all that follows it without saying why. */
  #failure: { readonly reason: unknown } | undefined;

  /** @param pool whose connections take several queries at once (`pipeline`) */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The connection for the write that has just begun: what comes of it later must not get into the next one. */
  connectionOfWrite(): DatabaseConnection {
    const write = this.#write;
    return {
      executeQuery: async <Row>(query: CompiledQuery) => {
        if (write !== this.#write) throw new Error('The writer is used after its write has ended');
        return await this.#run<Row>(query);
      },
      streamQuery: refuseStream,
    };
  }

  turn(): undefined {}

  async begin(): Promise<void> {
    this.#client = await borrow(this.#pool);
    this.#failure = undefined;
    this.#tell(BEGIN);
    this.#tell(LOCK);
  }

  savepoint(): void {
    this.#write += 1;
    this.#tell(SAVEPOINT);
  }

  async release(): Promise<void> {
    this.#write += 1;
    if (this.#failure) throw this.#failure.reason;
    // Where all was answered nothing but the end of the connection can fail now, and the commit would tell.
    if (this.#unanswered === 0) this.#tell(RELEASE);
    else await this.#run(RELEASE);
  }

  async rollBackToSavepoint(): Promise<void> {
    this.#write += 1;
    this.#failure = undefined;
    await Promise.all([this.#run(ROLL_BACK_TO), this.#run(RELEASE)]);
    this.#failure = undefined;
  }

  async commit(): Promise<void> {
    await this.#run(COMMIT);
    // A transaction in which something failed answers a commit with a rollback, and no error.
    if (this.#failure) throw this.#failure.reason;
    this.#end();
  }

  async rollBack(): Promise<void> {
    if (!this.#client) return;
    this.#failure = undefined;
    const isBroken = await this.#run(ROLLBACK).then(
      () => false,
      () => true,
    );
    this.#end(isBroken);
  }

  async #run<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#client) throw new Error('No transaction is open');
    this.#unanswered += 1;
    sendTogether(this.#client);
    try {
      return await ask<Row>(this.#client, query);
    } catch (error) {
      this.#failure ??= { reason: error };
      throw this.#failure.reason;
    } finally {
      this.#unanswered -= 1;
    }
  }

  /** For a statement whose answer nobody waits for. */
  #tell(query: CompiledQuery): void {
    this.#run(query).catch(() => {});
  }

  #end(isBroken = false): void {
    if (this.#client) giveBack(this.#client, isBroken);
    this.#client = undefined;
  }
}

/** What is asked before the event loop goes on leaves as one packet. */
function sendTogether(client: PoolClient): void {
  const { stream } = (client as PoolClient & { readonly connection: Connection }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
