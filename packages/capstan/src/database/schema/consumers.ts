import type { CallersPolicy } from '@capstan/api';

/** Who calls deployments, by name. */
export interface ConsumersTable {
  name: string;
  /** That declares it; empty for one that was made by hand. */
  project: string;
  owner: string;
  purpose: string;
  /** JSON: names of what it may call; null for all. */
  deployments: string | null;
  /** JSON; null for none. */
  quota: string | null;
  is_retired: number;
  created_at: number;
}

export interface ConsumerTokensTable {
  id: string;
  consumer: string;
  /** What is shown of it. */
  prefix: string;
  /** Of the whole token, which is kept nowhere. */
  sha256: string;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

/** Deployments without a row are open. */
export interface CallerPoliciesTable {
  deployment: string;
  /** That declares it; empty where it was set by hand. */
  project: string;
  callers: CallersPolicy;
}

/** One caller of one deployment in one hour. */
export interface CallCountsTable {
  deployment: string;
  hour: number;
  /** Empty for callers without a token. */
  consumer: string;
  /** Both empty for consumers, and for those past the most that are told apart. */
  agent: string;
  address: string;
  requests: number;
  rows: number;
  errors: number;
  refused: number;
  last_at: number;
}

/** One caller of one deployment in one hour that showed a token which is not known: all its requests were refused. */
export interface UnknownCallersTable {
  /** First hex digits of its SHA-256; empty, with agent and address, for those past the most that are told apart. */
  token: string;
  /** Empty where it was refused before it had said what it asks. */
  deployment: string;
  hour: number;
  agent: string;
  address: string;
  requests: number;
  last_at: number;
}

/** Batches of counts that were taken: none is taken twice. */
export interface CallBatchesTable {
  id: string;
  replica: string;
  received_at: number;
}

export interface ConsumersSchema {
  consumers: ConsumersTable;
  consumer_tokens: ConsumerTokensTable;
  caller_policies: CallerPoliciesTable;
  call_counts: CallCountsTable;
  call_batches: CallBatchesTable;
  unknown_callers: UnknownCallersTable;
}
