CREATE TABLE "events" ("seq" integer not null primary key, "id" text not null unique, "type" text not null, "project" text, "subject" text not null, "actor" text not null, "at" integer not null, "causation_seq" integer, "cycle" text, "payload" text not null, "prev_hash" text not null, "hash" text not null);
CREATE TABLE "jobs" ("id" text not null primary key, "kind" text not null, "payload" text not null, "state" text not null, "run_at" integer not null, "priority" integer default 0 not null, "attempt" integer default 0 not null, "max_attempts" integer not null, "fence" integer default 0 not null, "lease_owner" text, "lease_until" integer, "not_before" integer default 0 not null, "unique_key" text, "last_error" text, "caused_by" integer, "created_at" integer not null, "finished_at" integer);
CREATE TABLE "migrations" ("name" text not null primary key, "applied_at" integer not null);
CREATE TABLE "schedule_ticks" ("schedule" text not null, "due_at" integer not null, "job_id" text not null, constraint "schedule_ticks_pk" primary key ("schedule", "due_at"));
CREATE TABLE "settings" ("name" text not null primary key, "value" text not null);
CREATE INDEX "events_causation" on "events" ("causation_seq");
CREATE INDEX "events_cycle" on "events" ("cycle", "seq");
CREATE INDEX "events_project" on "events" ("project", "seq");
CREATE INDEX "events_subject" on "events" ("subject", "seq");
CREATE INDEX "events_type" on "events" ("type", "seq");
CREATE INDEX "jobs_state" on "jobs" ("state", "run_at", "priority");
CREATE UNIQUE INDEX jobs_unique_key on jobs (unique_key)
      where unique_key is not null and state in ('available', 'running');
