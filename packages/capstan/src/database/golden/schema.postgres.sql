events.actor text not null
events.at bigint not null
events.causation_seq bigint
events.cycle text
events.hash text not null
events.id text not null
events.payload text not null
events.prev_hash text not null
events.project text
events.seq bigint not null
events.subject text not null
events.type text not null
index CREATE INDEX events_causation ON events USING btree (causation_seq)
index CREATE INDEX events_cycle ON events USING btree (cycle, seq)
index CREATE INDEX events_project ON events USING btree (project, seq)
index CREATE INDEX events_subject ON events USING btree (subject, seq)
index CREATE INDEX events_type ON events USING btree (type, seq)
index CREATE INDEX jobs_state ON jobs USING btree (state, run_at, priority)
index CREATE UNIQUE INDEX events_id_key ON events USING btree (id)
index CREATE UNIQUE INDEX events_pkey ON events USING btree (seq)
index CREATE UNIQUE INDEX jobs_pkey ON jobs USING btree (id)
index CREATE UNIQUE INDEX jobs_unique_key ON jobs USING btree (unique_key) WHERE ((unique_key IS NOT NULL) AND (state = ANY (ARRAY['available'::text, 'running'::text])))
index CREATE UNIQUE INDEX migrations_pkey ON migrations USING btree (name)
index CREATE UNIQUE INDEX schedule_ticks_pk ON schedule_ticks USING btree (schedule, due_at)
index CREATE UNIQUE INDEX settings_pkey ON settings USING btree (name)
jobs.attempt bigint not null default 0
jobs.caused_by bigint
jobs.created_at bigint not null
jobs.fence bigint not null default 0
jobs.finished_at bigint
jobs.id text not null
jobs.kind text not null
jobs.last_error text
jobs.lease_owner text
jobs.lease_until bigint
jobs.max_attempts bigint not null
jobs.not_before bigint not null default 0
jobs.payload text not null
jobs.priority bigint not null default 0
jobs.run_at bigint not null
jobs.state text not null
jobs.unique_key text
migrations.applied_at bigint not null
migrations.name text not null
schedule_ticks.due_at bigint not null
schedule_ticks.job_id text not null
schedule_ticks.schedule text not null
settings.name text not null
settings.value text not null
