CREATE TABLE "approvals" ("model" text not null, "version" integer not null, "seq" integer not null, "role" text not null, "actor" text not null, "reason" text not null, "created_at" integer not null, constraint "approvals_pk" primary key ("model", "version", "seq"));
CREATE TABLE "artifacts" ("root" text not null, "path" text not null, "digest" text not null, "size_bytes" integer not null, "stored_at" integer not null, constraint "artifacts_pk" primary key ("root", "path")) without rowid;
CREATE TABLE "assessments" ("id" text not null primary key, "trace_key" integer not null, "kind" text not null, "name" text not null, "value" text not null, "value_text" text not null, "value_number" real, "is_number" integer not null, "error" text, "rationale" text, "source_type" text not null, "source_id" text, "span_id" text, "metadata" text not null, "is_of_session" integer not null, "overrides" text, "is_valid" integer not null, "created_at" integer not null, "updated_at" integer not null);
CREATE TABLE "champions" ("deployment" text not null references "deployments" ("name"), "seq" integer not null, "revision" integer not null, "since" integer not null, constraint "champions_pk" primary key ("deployment", "seq"));
CREATE TABLE "cycle_steps" ("cycle" text not null references "cycles" ("id"), "seq" integer not null, "step" text not null, "decision" text, "status" text not null, "value" text not null, "limit_value" text not null, "n" integer, "evidence" text not null, "reason" text, "started_at" integer not null, "ended_at" integer, constraint "cycle_steps_pk" primary key ("cycle", "seq"));
CREATE TABLE "cycle_triggers" ("project" text not null, "trigger_key" text not null, "kind" text not null, "trigger_reason" text not null, "trigger_at" integer not null, "cycle" text, "reason" text not null, "checks" text not null, "event_seq" integer not null, "considered_at" integer not null, constraint "cycle_triggers_pk" primary key ("project", "trigger_key"));
CREATE TABLE "cycles" ("id" text not null primary key, "project" text not null, "number" integer not null, "state" text not null, "trigger_kind" text not null, "trigger_reason" text not null, "trigger_at" integer not null, "reason" text, "window_from" integer, "window_before" integer, "labelled" text, "evaluation" text, "training" text not null, "baseline_probability" real, "pipeline_run" text, "model" text, "version" integer, "verdict" text, "deployment" text, "rollout" text, "last_event" integer not null, "started_at" integer not null, "ended_at" integer, constraint "cycles_number" unique ("project", "number"));
CREATE TABLE "data_file_scans" ("digest" text not null, "format" text not null, "time_column" text not null, "time_min" integer, "time_max" integer, "untimed_rows" integer not null, constraint "data_file_scans_pk" primary key ("digest", "format", "time_column"));
CREATE TABLE "data_files" ("digest" text not null, "format" text not null, "size_bytes" integer not null, "rows" integer not null, "columns" text not null, constraint "data_files_pk" primary key ("digest", "format"));
CREATE TABLE "dataset_versions" ("id" text not null primary key, "project" text not null, "dataset" text not null, "number" integer not null, "digest" text not null, "status" text not null, "origin" text not null, "rows" integer not null, "size_bytes" integer not null, "file_count" integer not null, "files" text not null, "columns" text not null, "event_time_column" text, "event_time_min" integer, "event_time_max" integer, "parents" text not null, "recipe_digest" text, "profile" text, "report" text, "created_at" integer not null, "checked_at" integer);
CREATE TABLE "debt_features" ("verdict" text not null primary key, "benefits" text not null, "measured_at" integer not null);
CREATE TABLE "debt_items" ("project" text not null, "item_key" text not null, "since" integer not null, "title" text not null, "repaid_at" integer, constraint "debt_items_pk" primary key ("project", "item_key", "since"));
CREATE TABLE "debt_reports" ("project" text not null primary key, "items" text not null, "measured_at" integer not null);
CREATE TABLE "deployments" ("name" text not null primary key, "project" text not null, "model" text not null, "context_id" text, "context_event_time" text, "champion" integer, "last_revision" integer not null, "breaker_state" text not null, "breaker_mode" text not null, "breaker_reason" text, "breaker_changed_at" integer, "baseline_probability" real, "created_at" integer not null);
CREATE TABLE "events" ("seq" integer not null primary key, "id" text not null unique, "type" text not null, "project" text, "subject" text not null, "actor" text not null, "at" integer not null, "causation_seq" integer, "cycle" text, "payload" text not null, "prev_hash" text not null, "hash" text not null);
CREATE TABLE "experiment_tags" ("experiment_id" integer not null references "experiments" ("id"), "key" text not null, "value" text not null, constraint "experiment_tags_pk" primary key ("experiment_id", "key")) without rowid;
CREATE TABLE "experiments" ("id" integer not null primary key, "name" text not null unique, "artifact_location" text not null, "lifecycle" text not null, "created_at" integer not null, "updated_at" integer not null, "deleted_at" integer);
CREATE TABLE "feedback_parts" ("deployment" text not null, "dataset" text not null, "starts_at" integer not null, "ends_at" integer not null, "recipe" text not null, "columns" text not null, "digest" text, "size_bytes" integer not null, "rows" integer not null, "label_seq" integer not null, "correction" integer not null, constraint "feedback_parts_pk" primary key ("deployment", "dataset", "starts_at"));
CREATE TABLE "jobs" ("id" text not null primary key, "kind" text not null, "payload" text not null, "state" text not null, "run_at" integer not null, "priority" integer default 0 not null, "attempt" integer default 0 not null, "max_attempts" integer not null, "fence" integer default 0 not null, "lease_owner" text, "lease_until" integer, "not_before" integer default 0 not null, "unique_key" text, "last_error" text, "caused_by" integer, "created_at" integer not null, "finished_at" integer);
CREATE TABLE "latest_metrics" ("run_key" integer not null, "metric_id" integer not null, "step" integer not null, "logged_at" integer not null, "value" real not null, "min_value" real, "max_value" real, constraint "latest_metrics_pk" primary key ("run_key", "metric_id")) without rowid;
CREATE TABLE "logged_model_metrics" ("model_id" text not null, "metric_id" integer not null, "dataset_name" text not null, "dataset_digest" text not null, "step" integer not null, "logged_at" integer not null, "value" real not null, "run_id" text not null, constraint "logged_model_metrics_pk" primary key ("model_id", "metric_id", "dataset_name", "dataset_digest", "step", "logged_at", "value")) without rowid;
CREATE TABLE "logged_model_params" ("model_id" text not null, "key" text not null, "value" text not null, constraint "logged_model_params_pk" primary key ("model_id", "key")) without rowid;
CREATE TABLE "logged_model_tags" ("model_id" text not null, "key" text not null, "value" text not null, constraint "logged_model_tags_pk" primary key ("model_id", "key")) without rowid;
CREATE TABLE "logged_models" ("id" text not null primary key, "experiment_id" integer not null references "experiments" ("id"), "name" text not null, "model_type" text not null, "status" text not null, "source_run_id" text, "artifact_root" text not null unique, "lifecycle" text not null, "created_at" integer not null, "updated_at" integer not null, "deleted_at" integer);
CREATE TABLE "metric_keys" ("id" integer not null primary key, "name" text not null unique);
CREATE TABLE "metric_points" ("run_key" integer not null, "metric_id" integer not null, "step" integer not null, "logged_at" integer not null, "value" real not null, constraint "metric_points_pk" primary key ("run_key", "metric_id", "step", "logged_at", "value")) without rowid;
CREATE TABLE "migrations" ("name" text not null primary key, "applied_at" integer not null);
CREATE TABLE "model_alias_moves" ("model_id" text not null, "seq" integer not null, "alias" text not null, "from_version" integer, "to_version" integer, "actor" text not null, "reason" text, "verdict_id" text, "moved_at" integer not null, constraint "model_alias_moves_pk" primary key ("model_id", "seq")) without rowid;
CREATE TABLE "model_aliases" ("model_id" text not null, "alias" text not null, "version" integer not null, constraint "model_aliases_pk" primary key ("model_id", "alias")) without rowid;
CREATE TABLE "model_version_counters" ("name" text not null primary key, "last_version" integer not null);
CREATE TABLE "model_version_tags" ("model_id" text not null, "version" integer not null, "key" text not null, "value" text not null, constraint "model_version_tags_pk" primary key ("model_id", "version", "key")) without rowid;
CREATE TABLE "model_versions" ("model_id" text not null references "registered_models" ("id"), "version" integer not null, "source" text not null, "artifact_root" text, "artifact_path" text, "run_id" text, "logged_model_id" text, "run_link" text, "description" text, "stage" text not null, "created_by" text not null, "created_at" integer not null, "updated_at" integer not null, constraint "model_versions_pk" primary key ("model_id", "version"));
CREATE TABLE "monitor_alerts" ("id" text not null primary key, "project" text not null, "monitor" text not null, "kind" text not null, "reason" text not null, "window_from" integer not null, "window_before" integer not null, "revision" integer, "event_seq" integer not null, "raised_at" integer not null, "resolved_at" integer, "resolution" text);
CREATE TABLE "monitor_references" ("deployment" text not null, "revision" integer not null, "body" text not null, "measured_at" integer not null, constraint "monitor_references_pk" primary key ("deployment", "revision"));
CREATE TABLE "monitor_windows" ("project" text not null, "monitor" text not null, "window_from" integer not null, "window_before" integer not null, "revision" integer, "model_version" integer, "verdict" text not null, "reason" text not null, "n" integer not null, "body" text not null, "event_seq" integer not null, "judged_at" integer not null, constraint "monitor_windows_pk" primary key ("project", "monitor", "window_from"));
CREATE TABLE "multipart_uploads" ("id" text primary key, "root" text not null, "path" text not null, "parts" integer not null, "state" text not null, "expires_at" integer not null);
CREATE TABLE "outcome_corrections" ("deployment" text not null, "number" integer not null, "example_id" text not null, constraint "outcome_corrections_pk" primary key ("deployment", "number"));
CREATE TABLE "outcomes" ("deployment" text not null, "example_id" text not null, "label" integer not null, "label_at" integer not null, "received_at" integer not null, "corrections" integer not null, "is_pending" integer not null, constraint "outcomes_pk" primary key ("deployment", "example_id")) without rowid;
CREATE TABLE "pipeline_runs" ("id" text not null primary key, "project" text not null, "number" integer not null, "status" text not null, "phase" text not null, "reason" text, "revision" integer not null, "inputs" text not null, "params" text not null, "cutoff" integer, "stage_timeout_ms" integer not null, "code_digest" text, "git_commit" text, "environment_key" text, "environment_log" text, "model_versions" text not null, "request_key" text, "cancel_requested_at" integer, "fence" integer not null, "actor" text not null, "cycle" text, "created_at" integer not null, "started_at" integer, "ended_at" integer, constraint "pipeline_runs_number" unique ("project", "number"));
CREATE TABLE "pipeline_stages" ("pipeline_run" text not null references "pipeline_runs" ("id"), "name" text not null, "project" text not null, "position" integer not null, "status" text not null, "is_cached" integer not null, "description" text, "command" text not null, "after" text not null, "inputs" text not null, "outputs" text not null, "why" text not null, "reason" text, "result" text, "run_id" text, "ended_at" integer, constraint "pipeline_stages_pk" primary key ("pipeline_run", "name"));
CREATE TABLE "prediction_counters" ("deployment" text not null primary key, "last_seq" integer not null);
CREATE TABLE "prediction_features" ("segment" text not null, "deployment" text not null, "digest" text not null, "size_bytes" integer not null, "rows" integer not null, "min_event_time" integer not null, "max_event_time" integer not null, constraint "prediction_features_pk" primary key ("segment", "deployment"));
CREATE TABLE "predictions" ("deployment" text not null, "example_id" text not null, "role" text not null, "revision" integer not null, "project" text not null, "request_id" text not null, "segment" text not null, "seq" integer not null, "rollout" text, "stage" integer, "model_version" integer not null, "share" real not null, "threshold" real not null, "event_time" integer not null, "predicted_at" integer not null, "ingested_at" integer not null, "probability" real, "decision" integer, "error" text, "latency_us" integer not null, "part_rows" integer not null, "is_split" integer not null, "label" integer, "label_at" integer, "labelled_at" integer, "label_seq" integer, "loss" real, "value" real, "baseline_value" real, "shift" real default 0 not null, "model_loss" real, "model_value" real, constraint "predictions_pk" primary key ("deployment", "example_id", "role", "revision"));
CREATE TABLE "project_revisions" ("project" text not null, "revision" integer not null, "folder" text not null, "written" text not null, "digest" text not null, "changes" text not null, "actor" text not null, "applied_at" integer not null, constraint "project_revisions_pk" primary key ("project", "revision"));
CREATE TABLE "projects" ("name" text not null primary key, "folder" text not null, "revision" integer not null, "created_at" integer not null);
CREATE TABLE "purges" ("kind" text not null, "key" text not null, "artifact_root" text not null, "purged_at" integer not null, constraint "purges_pk" primary key ("kind", "key"));
CREATE TABLE "recalibrations" ("deployment" text not null, "seq" integer not null, "revision" integer not null, "shift" real not null, "fitted_at" integer not null, "window_from" integer not null, "window_before" integer not null, "rows" integer not null, "answered_loss" real not null, "model_loss" real not null, constraint "recalibrations_pk" primary key ("deployment", "seq"));
CREATE TABLE "registered_model_tags" ("model_id" text not null, "key" text not null, "value" text not null, constraint "registered_model_tags_pk" primary key ("model_id", "key")) without rowid;
CREATE TABLE "registered_models" ("id" text not null primary key, "name" text not null unique, "description" text, "project" text, "created_at" integer not null, "updated_at" integer not null);
CREATE TABLE "revisions" ("deployment" text not null references "deployments" ("name"), "number" integer not null, "digest" text not null, "model" text not null, "version" integer not null, "model_digest" text not null, "threshold" real not null, "input_adapters" text not null, "created_at" integer not null, "created_by" text not null, constraint "revisions_pk" primary key ("deployment", "number"));
CREATE TABLE "rollouts" ("id" text not null primary key, "deployment" text not null references "deployments" ("name"), "project" text not null, "revision" integer not null, "from_revision" integer, "state" text not null, "stage" integer not null, "verdict_id" text, "cycle" text, "progress" text not null, "reason" text, "started_at" integer not null, "ended_at" integer);
CREATE TABLE "run_dataset_inputs" ("run_key" integer not null, "dataset_id" integer not null, "tags" text not null, "context" text, constraint "run_dataset_inputs_pk" primary key ("run_key", "dataset_id")) without rowid;
CREATE TABLE "run_datasets" ("id" integer not null primary key, "experiment_id" integer not null, "name" text not null, "digest" text not null, "source_type" text not null, "source" text not null, "schema" text, "profile" text, constraint "run_datasets_name" unique ("experiment_id", "name", "digest"));
CREATE TABLE "run_models" ("run_key" integer not null, "direction" text not null, "model_id" text not null, "step" integer not null, constraint "run_models_pk" primary key ("run_key", "direction", "model_id")) without rowid;
CREATE TABLE "run_params" ("run_key" integer not null, "key" text not null, "value" text not null, constraint "run_params_pk" primary key ("run_key", "key")) without rowid;
CREATE TABLE "run_tags" ("run_key" integer not null, "key" text not null, "value" text not null, constraint "run_tags_pk" primary key ("run_key", "key")) without rowid;
CREATE TABLE "runs" ("key" integer not null primary key, "id" text not null unique, "experiment_id" integer not null references "experiments" ("id"), "name" text not null, "user_id" text not null, "status" text not null, "start_time" integer not null, "end_time" integer, "lifecycle" text not null, "artifact_root" text not null unique, "updated_at" integer not null, "deleted_at" integer);
CREATE TABLE "schedule_ticks" ("schedule" text not null, "due_at" integer not null, "job_id" text not null, constraint "schedule_ticks_pk" primary key ("schedule", "due_at"));
CREATE TABLE "segments" ("id" text not null primary key, "replica" text not null, "received_at" integer not null, "records" integer not null, "rows" integer not null, "raw_digest" text);
CREATE TABLE "serving_replicas" ("replica" text not null primary key, "reported_at" integer not null, "report" text not null);
CREATE TABLE "serving_snapshot" ("id" integer not null primary key, "version" integer not null, "body" text not null);
CREATE TABLE "settings" ("name" text not null primary key, "value" text not null);
CREATE TABLE "spans" ("trace_key" integer not null, "span_id" text not null, "parent_id" text, "name" text not null, "type" text, "status" text not null, "status_message" text not null, "started_ns" integer not null, "ended_ns" integer, "attributes" text not null, "events" text not null, "links" text not null, "usage" text, "input_cost" real, "output_cost" real, "total_cost" real, "model_name" text, "model_provider" text, constraint "spans_pk" primary key ("trace_key", "span_id")) without rowid;
CREATE TABLE "stage_attempts" ("id" text not null primary key, "pipeline_run" text not null references "pipeline_runs" ("id"), "stage" text not null, "number" integer not null, "status" text not null, "reason" text, "run_id" text, "is_run_ended" integer not null, "started_at" integer not null, "ended_at" integer, "exit_code" integer, "signal" text, "duration_ms" integer, "cpu_ms" integer, "peak_memory_bytes" integer, "log_digest" text, constraint "stage_attempts_number" unique ("pipeline_run", "stage", "number"));
CREATE TABLE "stage_results" ("id" text not null primary key, "project" text not null, "stage" text not null, "result_key" text not null, "environment_key" text not null, "entry" text not null, "outputs" text not null, "attempt" text not null, "run_id" text, "model_versions" text not null, "created_at" integer not null);
CREATE TABLE "trace_links" ("trace_key" integer not null, "kind" text not null, "target" text not null, constraint "trace_links_pk" primary key ("trace_key", "kind", "target")) without rowid;
CREATE TABLE "trace_metadata" ("trace_key" integer not null, "key" text not null, "value" text not null, constraint "trace_metadata_pk" primary key ("trace_key", "key")) without rowid;
CREATE TABLE "trace_tags" ("trace_key" integer not null, "key" text not null, "value" text not null, constraint "trace_tags_pk" primary key ("trace_key", "key")) without rowid;
CREATE TABLE "traces" ("key" integer not null primary key, "id" text not null unique, "experiment_id" integer not null references "experiments" ("id"), "client_request_id" text, "request_preview" text, "response_preview" text, "started_at" integer not null, "duration_ms" integer, "status" text not null, "is_finalized" integer not null, "name" text, "session_id" text, "input_tokens" integer, "output_tokens" integer, "total_tokens" integer, "cache_read_input_tokens" integer, "cache_creation_input_tokens" integer, "input_cost" real, "output_cost" real, "total_cost" real);
CREATE TABLE "verdicts" ("id" text not null primary key, "project" text not null, "model" text not null, "version" integer not null, "status" text not null, "champion_version" integer, "evaluation" text not null, "measured" text not null, "checks" text not null, "request_key" text, "cycle" text, "actor" text not null, "created_at" integer not null);
CREATE INDEX "artifacts_digest" on "artifacts" ("digest");
CREATE INDEX assessments_of_trace on assessments (trace_key, kind, name);
CREATE INDEX "cycle_triggers_newest" on "cycle_triggers" ("project", "event_seq");
CREATE UNIQUE INDEX cycles_open on cycles (project)
      where state not in ('promoted', 'refused', 'rolled-back', 'failed');
CREATE INDEX "dataset_versions_digest" on "dataset_versions" ("project", "dataset", "digest");
CREATE UNIQUE INDEX "dataset_versions_number" on "dataset_versions" ("project", "dataset", "number");
CREATE UNIQUE INDEX "dataset_versions_recipe" on "dataset_versions" ("project", "dataset", "recipe_digest");
CREATE UNIQUE INDEX debt_items_open on debt_items (project, item_key) where repaid_at is null;
CREATE INDEX events_causation on events (causation_seq)
        where causation_seq is not null;
CREATE INDEX events_cycle on events (cycle, seq)
        where cycle is not null;
CREATE INDEX events_project on events (project, seq)
        where project is not null;
CREATE INDEX "events_subject" on "events" ("subject", "seq");
CREATE INDEX "events_type" on "events" ("type", "seq");
CREATE INDEX "experiments_trash" on "experiments" (deleted_at)
        where lifecycle = 'deleted';
CREATE INDEX "jobs_state" on "jobs" ("state", "run_at", "priority");
CREATE UNIQUE INDEX jobs_unique_key on jobs (unique_key)
      where unique_key is not null and state in ('available', 'running');
CREATE INDEX logged_models_newest on logged_models (experiment_id, lifecycle, created_at desc, id);
CREATE INDEX "logged_models_run" on "logged_models" ("source_run_id");
CREATE INDEX "logged_models_trash" on "logged_models" (deleted_at)
        where lifecycle = 'deleted';
CREATE INDEX "model_versions_run" on "model_versions" ("run_id");
CREATE INDEX "monitor_alerts_newest" on "monitor_alerts" ("project", "monitor");
CREATE UNIQUE INDEX monitor_alerts_open on monitor_alerts (project, monitor)
      where resolved_at is null;
CREATE INDEX outcomes_pending on outcomes (deployment, received_at) where is_pending = 1;
CREATE INDEX "pipeline_runs_newest" on "pipeline_runs" ("created_at", "id");
CREATE UNIQUE INDEX pipeline_runs_request on pipeline_runs (project, request_key)
      where request_key is not null;
CREATE INDEX "pipeline_stages_latest" on "pipeline_stages" ("project", "name", "ended_at");
CREATE INDEX "prediction_features_window" on "prediction_features" ("deployment", "max_event_time");
CREATE INDEX predictions_labelled on predictions (deployment, labelled_at)
    where labelled_at is not null;
CREATE INDEX predictions_labels on predictions (deployment, label_seq) where label_seq is not null;
CREATE INDEX predictions_parts on predictions (deployment, seq) where part_rows > 0;
CREATE INDEX "predictions_seq" on "predictions" ("deployment", "seq");
CREATE INDEX "predictions_time" on "predictions" ("deployment", "event_time");
CREATE INDEX "revisions_model_digest" on "revisions" ("model_digest");
CREATE INDEX "rollouts_deployment" on "rollouts" ("deployment", "started_at");
CREATE UNIQUE INDEX rollouts_open on rollouts (deployment)
    where state not in ('promoted', 'rolled-back');
CREATE INDEX "run_dataset_inputs_dataset" on "run_dataset_inputs" ("dataset_id");
CREATE INDEX runs_newest on runs (experiment_id, lifecycle, start_time desc, id);
CREATE INDEX "runs_trash" on "runs" (deleted_at)
        where lifecycle = 'deleted';
CREATE INDEX "stage_attempts_run" on "stage_attempts" ("run_id");
CREATE INDEX "stage_results_key" on "stage_results" ("project", "result_key", "environment_key", "created_at");
CREATE INDEX traces_by_session on traces (session_id, experiment_id);
CREATE INDEX traces_newest on traces (experiment_id, started_at desc, id);
CREATE UNIQUE INDEX verdicts_request on verdicts (request_key) where request_key is not null;
CREATE INDEX "verdicts_version" on "verdicts" ("model", "version", "created_at");
