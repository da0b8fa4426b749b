import type { Generated } from 'kysely';

/** Migrations that have run. */
export interface MigrationsTable {
  name: string;
  applied_at: number;
}

/** Single values of the installation: simulated time, keys. */
export interface SettingsTable {
  name: string;
  value: string;
}

/** The chain of facts: append only. `hash` = SHA-256 of the previous hash and the canonical JSON of the row. */
export interface EventsTable {
  seq: number;
  id: string;
  type: string;
  project: string | null;
  subject: string;
  actor: string;
  at: number;
  causation_seq: number | null;
  cycle: string | null;
  payload: string;
  prev_hash: string;
  hash: string;
}

/** Work to do. `fence` grows with each claim; a finish with an older one is refused. */
export interface JobsTable {
  id: string;
  kind: string;
  payload: string;
  state: 'available' | 'running' | 'done' | 'discarded' | 'cancelled';
  /** Business time: on a simulated clock, work waits for it. */
  run_at: number;
  priority: Generated<number>;
  attempt: Generated<number>;
  max_attempts: number;
  fence: Generated<number>;
  lease_owner: string | null;
  /** Real time, of the claiming process's clock. */
  lease_until: number | null;
  /** Real time before which a retry waits. */
  not_before: Generated<number>;
  unique_key: string | null;
  last_error: string | null;
  caused_by: number | null;
  created_at: number;
  finished_at: number | null;
}

/** One row per tick of a schedule, so that a tick makes at most one job. */
export interface ScheduleTicksTable {
  schedule: string;
  due_at: number;
  job_id: string;
}

export interface FoundationSchema {
  migrations: MigrationsTable;
  settings: SettingsTable;
  events: EventsTable;
  jobs: JobsTable;
  schedule_ticks: ScheduleTicksTable;
}
