import type { CompiledQuery } from 'kysely';

/** How a query is to be run, besides its text. */
export interface HotQuery extends CompiledQuery {
  /** One of the few texts that are run again and again: PostgreSQL keeps it parsed under a name. */
  readonly isKept?: boolean;
  /** Rows are wanted as lists of their values. */
  readonly asLists?: boolean;
}
