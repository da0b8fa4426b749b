import type { Kysely } from 'kysely';
import type { Dialect } from '../dialect/dialect.ts';

/** One forward step of the schema. Runs in one transaction together with the row that says it ran. */
export interface Migration {
  /** `0001-foundation`: the order is that of the list in migrations/index.ts. */
  readonly name: string;
  up(db: Kysely<unknown>, dialect: Dialect): Promise<void>;
}
