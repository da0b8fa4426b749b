approvals.actor text not null
approvals.created_at bigint not null
approvals.model text not null
approvals.reason text not null
approvals.role text not null
approvals.seq bigint not null
approvals.version bigint not null
artifacts.digest text not null
artifacts.path text not null
artifacts.root text not null
artifacts.size_bytes bigint not null
artifacts.stored_at bigint not null
assessments.created_at bigint not null
assessments.error text
assessments.id text not null
assessments.is_number bigint not null
assessments.is_of_session bigint not null
assessments.is_valid bigint not null
assessments.kind text not null
assessments.metadata text not null
assessments.name text not null
assessments.overrides text
assessments.rationale text
assessments.source_id text
assessments.source_type text not null
assessments.span_id text
assessments.trace_key bigint not null
assessments.updated_at bigint not null
assessments.value text not null
assessments.value_number double precision
assessments.value_text text not null
attempt_log_pieces.attempt text not null
attempt_log_pieces.bytes bytea not null
attempt_log_pieces.size_bytes bigint not null
attempt_log_pieces.start bigint not null
batch_predictions.actor text not null
batch_predictions.attempt text
batch_predictions.cancel_requested_at bigint
batch_predictions.created_at bigint not null
batch_predictions.deployment text
batch_predictions.ended_at bigint
batch_predictions.executor text not null default 'local'::text
batch_predictions.failed_column text
batch_predictions.failed_row bigint
batch_predictions.fence bigint not null
batch_predictions.flavor text not null
batch_predictions.format text not null
batch_predictions.id text not null
batch_predictions.input_dataset text not null
batch_predictions.input_number bigint not null
batch_predictions.input_version text not null
batch_predictions.machine text
batch_predictions.model text not null
batch_predictions.model_digest text not null
batch_predictions.model_version bigint not null
batch_predictions.output_number bigint
batch_predictions.output_version text
batch_predictions.package_digest text
batch_predictions.project text not null
batch_predictions.reason text
batch_predictions.recipe text not null
batch_predictions.request_key text
batch_predictions.resources text
batch_predictions.result_bytes bigint
batch_predictions.result_digest text
batch_predictions.revision bigint
batch_predictions.rows_done bigint not null
batch_predictions.rows_failed bigint not null
batch_predictions.rows_per_second double precision
batch_predictions.rows_total bigint
batch_predictions.started_at bigint
batch_predictions.state text not null
batch_predictions.to_dataset text
batch_predictions.transform text not null
call_batches.id text not null
call_batches.received_at bigint not null
call_batches.replica text not null
call_counts.address text not null
call_counts.agent text not null
call_counts.consumer text not null
call_counts.deployment text not null
call_counts.errors bigint not null
call_counts.hour bigint not null
call_counts.last_at bigint not null
call_counts.refused bigint not null
call_counts.requests bigint not null
call_counts.rows bigint not null
caller_policies.callers text not null
caller_policies.deployment text not null
caller_policies.project text not null
champions.deployment text not null
champions.revision bigint not null
champions.seq bigint not null
champions.since bigint not null
constraint attempt_log_pieces FOREIGN KEY (attempt) REFERENCES stage_attempts(id)
constraint champions FOREIGN KEY (deployment) REFERENCES deployments(name)
constraint cycle_steps FOREIGN KEY (cycle) REFERENCES cycles(id)
constraint experiment_tags FOREIGN KEY (experiment_id) REFERENCES experiments(id)
constraint logged_models FOREIGN KEY (experiment_id) REFERENCES experiments(id)
constraint model_versions FOREIGN KEY (model_id) REFERENCES registered_models(id)
constraint pipeline_stages FOREIGN KEY (pipeline_run) REFERENCES pipeline_runs(id)
constraint revisions FOREIGN KEY (deployment) REFERENCES deployments(name)
constraint rollouts FOREIGN KEY (deployment) REFERENCES deployments(name)
constraint runs FOREIGN KEY (experiment_id) REFERENCES experiments(id)
constraint scorers FOREIGN KEY (experiment_id) REFERENCES experiments(id)
constraint stage_attempts FOREIGN KEY (pipeline_run) REFERENCES pipeline_runs(id)
constraint sweep_trials FOREIGN KEY (sweep) REFERENCES sweeps(id)
constraint traces FOREIGN KEY (experiment_id) REFERENCES experiments(id)
consumer_tokens.consumer text not null
consumer_tokens.created_at bigint not null
consumer_tokens.created_by text not null
consumer_tokens.expires_at bigint
consumer_tokens.id text not null
consumer_tokens.last_used_at bigint
consumer_tokens.prefix text not null
consumer_tokens.revoked_at bigint
consumer_tokens.sha256 text not null
consumers.created_at bigint not null
consumers.deployments text
consumers.is_retired bigint not null default 0
consumers.name text not null
consumers.owner text not null
consumers.project text not null
consumers.purpose text not null
consumers.quota text
cycle_steps.cycle text not null
cycle_steps.decision text
cycle_steps.ended_at bigint
cycle_steps.evidence text not null
cycle_steps.limit_value text not null
cycle_steps.n bigint
cycle_steps.reason text
cycle_steps.seq bigint not null
cycle_steps.started_at bigint not null
cycle_steps.status text not null
cycle_steps.step text not null
cycle_steps.value text not null
cycle_triggers.checks text not null
cycle_triggers.considered_at bigint not null
cycle_triggers.cycle text
cycle_triggers.event_seq bigint not null
cycle_triggers.kind text not null
cycle_triggers.project text not null
cycle_triggers.reason text not null
cycle_triggers.trigger_at bigint not null
cycle_triggers.trigger_key text not null
cycle_triggers.trigger_reason text not null
cycles.baseline_probability double precision
cycles.deployment text
cycles.ended_at bigint
cycles.evaluation text
cycles.id text not null
cycles.labelled text
cycles.last_event bigint not null
cycles.model text
cycles.number bigint not null
cycles.pipeline_run text
cycles.project text not null
cycles.reason text
cycles.rollout text
cycles.started_at bigint not null
cycles.state text not null
cycles.training text not null
cycles.trigger_at bigint not null
cycles.trigger_kind text not null
cycles.trigger_reason text not null
cycles.verdict text
cycles.version bigint
cycles.window_before bigint
cycles.window_from bigint
data_file_scans.digest text not null
data_file_scans.format text not null
data_file_scans.time_column text not null
data_file_scans.time_max bigint
data_file_scans.time_min bigint
data_file_scans.untimed_rows bigint not null
data_files.columns text not null
data_files.digest text not null
data_files.format text not null
data_files.md5 text
data_files.rows bigint not null
data_files.size_bytes bigint not null
dataset_versions.checked_at bigint
dataset_versions.columns text not null
dataset_versions.created_at bigint not null
dataset_versions.dataset text not null
dataset_versions.digest text not null
dataset_versions.event_time_column text
dataset_versions.event_time_max bigint
dataset_versions.event_time_min bigint
dataset_versions.file_count bigint not null
dataset_versions.files text not null
dataset_versions.id text not null
dataset_versions.number bigint not null
dataset_versions.origin text not null
dataset_versions.parents text not null
dataset_versions.profile text
dataset_versions.project text not null
dataset_versions.quarantine text
dataset_versions.quarantined_rows bigint not null default 0
dataset_versions.recipe_digest text
dataset_versions.registered_digest text
dataset_versions.report text
dataset_versions.rows bigint not null
dataset_versions.size_bytes bigint not null
dataset_versions.status text not null
debt_features.benefits text not null
debt_features.measured_at bigint not null
debt_features.verdict text not null
debt_items.item_key text not null
debt_items.project text not null
debt_items.repaid_at bigint
debt_items.since bigint not null
debt_items.title text not null
debt_reports.items text not null
debt_reports.measured_at bigint not null
debt_reports.project text not null
deployments.baseline_probability double precision
deployments.breaker_changed_at bigint
deployments.breaker_mode text not null
deployments.breaker_reason text
deployments.breaker_state text not null
deployments.champion bigint
deployments.context_event_time text
deployments.context_id text
deployments.created_at bigint not null
deployments.last_revision bigint not null
deployments.log_sample double precision not null default 1
deployments.model text not null
deployments.name text not null
deployments.project text not null
deployments.redacted text not null default '[]'::text
early_trace_links.linked_at bigint not null
early_trace_links.run_id text not null
early_trace_links.trace_id text not null
evaluation_dataset_experiments.dataset_id text not null
evaluation_dataset_experiments.experiment_id bigint not null
evaluation_dataset_tags.dataset_id text not null
evaluation_dataset_tags.key text not null
evaluation_dataset_tags.value text not null
evaluation_datasets.created_at bigint not null
evaluation_datasets.created_by text
evaluation_datasets.digest text not null
evaluation_datasets.id text not null
evaluation_datasets.last_position bigint not null
evaluation_datasets.name text not null
evaluation_datasets.record_count bigint not null
evaluation_datasets.schema text
evaluation_datasets.updated_at bigint not null
evaluation_datasets.updated_by text
evaluation_records.created_at bigint not null
evaluation_records.created_by text
evaluation_records.dataset_id text not null
evaluation_records.expectations text
evaluation_records.id text not null
evaluation_records.input_hash text not null
evaluation_records.inputs text not null
evaluation_records.outputs text
evaluation_records.position bigint not null
evaluation_records.source text
evaluation_records.tags text not null
evaluation_records.updated_at bigint not null
evaluation_records.updated_by text
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
expectation_tests.caught bigint not null
expectation_tests.created_at bigint not null
expectation_tests.dataset text not null
expectation_tests.ended_at bigint
expectation_tests.error text
expectation_tests.id text not null
expectation_tests.injected bigint not null
expectation_tests.most_faults bigint not null
expectation_tests.number bigint not null
expectation_tests.outcome text
expectation_tests.project text not null
expectation_tests.seed bigint not null
expectation_tests.status text not null
expectation_tests.stopped bigint not null
expectation_tests.suite_digest text
expectation_tests.suite_path text
expectation_tests.version_id text not null
experiment_tags.experiment_id bigint not null
experiment_tags.key text not null
experiment_tags.value text not null
experiments.artifact_location text not null
experiments.created_at bigint not null
experiments.deleted_at bigint
experiments.id bigint not null
experiments.lifecycle text not null
experiments.name text not null
experiments.updated_at bigint not null
feature_checks.checked_at bigint not null
feature_checks.project text not null
feature_checks.report text not null
feature_checks.view text not null
feature_materializations.definition_digest text not null
feature_materializations.ended_at bigint not null
feature_materializations.entities bigint not null
feature_materializations.entity_columns text not null
feature_materializations.features text not null
feature_materializations.newest bigint
feature_materializations.number bigint not null
feature_materializations.project text not null
feature_materializations.reason text
feature_materializations.removed bigint not null
feature_materializations.started_at bigint not null
feature_materializations.status text not null
feature_materializations.versions text not null
feature_materializations.view text not null
feature_materializations.written bigint not null
feedback_parts.columns text not null
feedback_parts.correction bigint not null
feedback_parts.dataset text not null
feedback_parts.deployment text not null
feedback_parts.digest text
feedback_parts.ends_at bigint not null
feedback_parts.label_seq bigint not null
feedback_parts.recipe text not null
feedback_parts.rows bigint not null
feedback_parts.size_bytes bigint not null
feedback_parts.starts_at bigint not null
import_experiments.experiment_id bigint not null
import_experiments.source text not null
import_experiments.source_id text not null
import_marks.id text not null
import_marks.kind text not null
import_marks.mark text not null
import_marks.source text not null
index CREATE INDEX artifacts_digest ON artifacts USING btree (digest)
index CREATE INDEX assessments_of_trace ON assessments USING btree (trace_key, kind, name)
index CREATE INDEX batch_predictions_by_deployment ON batch_predictions USING btree (deployment, created_at, id)
index CREATE INDEX batch_predictions_newest ON batch_predictions USING btree (created_at, id)
index CREATE INDEX call_batches_received ON call_batches USING btree (received_at)
index CREATE INDEX call_counts_hour ON call_counts USING btree (hour, consumer)
index CREATE INDEX consumer_tokens_consumer ON consumer_tokens USING btree (consumer)
index CREATE INDEX cycle_triggers_newest ON cycle_triggers USING btree (project, event_seq)
index CREATE INDEX dataset_versions_digest ON dataset_versions USING btree (project, dataset, digest)
index CREATE INDEX dataset_versions_registered ON dataset_versions USING btree (project, dataset, registered_digest) WHERE (registered_digest IS NOT NULL)
index CREATE INDEX early_trace_links_by_time ON early_trace_links USING btree (linked_at)
index CREATE INDEX evaluation_datasets_by_name ON evaluation_datasets USING btree (name)
index CREATE INDEX evaluation_datasets_newest ON evaluation_datasets USING btree (created_at DESC, id DESC)
index CREATE INDEX evaluation_datasets_of_experiment ON evaluation_dataset_experiments USING btree (experiment_id, dataset_id)
index CREATE INDEX events_causation ON events USING btree (causation_seq) WHERE (causation_seq IS NOT NULL)
index CREATE INDEX events_cycle ON events USING btree (cycle, seq) WHERE (cycle IS NOT NULL)
index CREATE INDEX events_project ON events USING btree (project, seq) WHERE (project IS NOT NULL)
index CREATE INDEX events_subject ON events USING btree (subject, seq)
index CREATE INDEX events_type ON events USING btree (type, seq)
index CREATE INDEX expectation_tests_by_dataset ON expectation_tests USING btree (project, dataset, created_at)
index CREATE INDEX experiments_trash ON experiments USING btree (deleted_at) WHERE (lifecycle = 'deleted'::text)
index CREATE INDEX jobs_state ON jobs USING btree (state, run_at, priority)
index CREATE INDEX latest_metrics_by_metric ON latest_metrics USING btree (metric_id, run_key)
index CREATE INDEX logged_models_newest ON logged_models USING btree (experiment_id, lifecycle, created_at DESC, id)
index CREATE INDEX logged_models_run ON logged_models USING btree (source_run_id)
index CREATE INDEX logged_models_trash ON logged_models USING btree (deleted_at) WHERE (lifecycle = 'deleted'::text)
index CREATE INDEX model_history_of_event ON model_history USING btree (event_seq)
index CREATE INDEX model_history_of_model ON model_history USING btree (model_id, seq)
index CREATE INDEX model_history_of_name ON model_history USING btree (model, seq)
index CREATE INDEX model_packages_digest ON model_packages USING btree (digest)
index CREATE INDEX model_versions_run ON model_versions USING btree (run_id)
index CREATE INDEX monitor_alerts_newest ON monitor_alerts USING btree (project, monitor)
index CREATE INDEX outcomes_pending ON outcomes USING btree (deployment, received_at) WHERE (is_pending = 1)
index CREATE INDEX pipeline_runs_newest ON pipeline_runs USING btree (created_at, id)
index CREATE INDEX pipeline_stages_latest ON pipeline_stages USING btree (project, name, ended_at)
index CREATE INDEX prediction_features_window ON prediction_features USING btree (deployment, max_event_time)
index CREATE INDEX predictions_labelled ON predictions USING btree (deployment, labelled_at) WHERE (labelled_at IS NOT NULL)
index CREATE INDEX predictions_labels ON predictions USING btree (deployment, label_seq) WHERE (label_seq IS NOT NULL)
index CREATE INDEX predictions_parts ON predictions USING btree (deployment, seq) WHERE (part_rows > 0)
index CREATE INDEX predictions_seq ON predictions USING btree (deployment, seq)
index CREATE INDEX predictions_time ON predictions USING btree (deployment, event_time)
index CREATE INDEX revisions_model_digest ON revisions USING btree (model_digest)
index CREATE INDEX rollouts_deployment ON rollouts USING btree (deployment, started_at)
index CREATE INDEX run_dataset_inputs_dataset ON run_dataset_inputs USING btree (dataset_id)
index CREATE INDEX run_params_by_key ON run_params USING btree (key, run_key)
index CREATE INDEX run_tags_by_key ON run_tags USING btree (key, run_key)
index CREATE INDEX run_tags_parent ON run_tags USING btree (value) WHERE (key = 'mlflow.parentRunId'::text)
index CREATE INDEX run_tags_pipeline_run ON run_tags USING btree (value) WHERE (key = 'capstan.pipeline_run'::text)
index CREATE INDEX runs_newest ON runs USING btree (experiment_id, lifecycle, start_time DESC, id)
index CREATE INDEX runs_trash ON runs USING btree (deleted_at) WHERE (lifecycle = 'deleted'::text)
index CREATE INDEX stage_attempts_run ON stage_attempts USING btree (run_id)
index CREATE INDEX stage_results_key ON stage_results USING btree (project, result_key, environment_key, created_at)
index CREATE INDEX sweep_trials_by_run ON sweep_trials USING btree (pipeline_run)
index CREATE INDEX sweeps_newest ON sweeps USING btree (created_at, id)
index CREATE INDEX traces_by_session ON traces USING btree (session_id, experiment_id)
index CREATE INDEX traces_newest ON traces USING btree (experiment_id, started_at DESC, id)
index CREATE INDEX verdicts_version ON verdicts USING btree (model, version, created_at)
index CREATE INDEX webhook_deliveries_newest ON webhook_deliveries USING btree (webhook_id, id)
index CREATE UNIQUE INDEX approvals_pk ON approvals USING btree (model, version, seq)
index CREATE UNIQUE INDEX artifacts_pk ON artifacts USING btree (root, path)
index CREATE UNIQUE INDEX assessments_pkey ON assessments USING btree (id)
index CREATE UNIQUE INDEX attempt_log_pieces_pk ON attempt_log_pieces USING btree (attempt, start)
index CREATE UNIQUE INDEX batch_predictions_pkey ON batch_predictions USING btree (id)
index CREATE UNIQUE INDEX batch_predictions_request ON batch_predictions USING btree (request_key)
index CREATE UNIQUE INDEX call_batches_pkey ON call_batches USING btree (id)
index CREATE UNIQUE INDEX call_counts_pk ON call_counts USING btree (deployment, hour, consumer, agent, address)
index CREATE UNIQUE INDEX caller_policies_pkey ON caller_policies USING btree (deployment)
index CREATE UNIQUE INDEX champions_pk ON champions USING btree (deployment, seq)
index CREATE UNIQUE INDEX consumer_tokens_pkey ON consumer_tokens USING btree (id)
index CREATE UNIQUE INDEX consumer_tokens_sha256_key ON consumer_tokens USING btree (sha256)
index CREATE UNIQUE INDEX consumers_pkey ON consumers USING btree (name)
index CREATE UNIQUE INDEX cycle_steps_pk ON cycle_steps USING btree (cycle, seq)
index CREATE UNIQUE INDEX cycle_triggers_pk ON cycle_triggers USING btree (project, trigger_key)
index CREATE UNIQUE INDEX cycles_number ON cycles USING btree (project, number)
index CREATE UNIQUE INDEX cycles_open ON cycles USING btree (project) WHERE (state <> ALL (ARRAY['promoted'::text, 'refused'::text, 'rolled-back'::text, 'failed'::text]))
index CREATE UNIQUE INDEX cycles_pkey ON cycles USING btree (id)
index CREATE UNIQUE INDEX data_file_scans_pk ON data_file_scans USING btree (digest, format, time_column)
index CREATE UNIQUE INDEX data_files_pk ON data_files USING btree (digest, format)
index CREATE UNIQUE INDEX dataset_versions_number ON dataset_versions USING btree (project, dataset, number)
index CREATE UNIQUE INDEX dataset_versions_pkey ON dataset_versions USING btree (id)
index CREATE UNIQUE INDEX dataset_versions_recipe ON dataset_versions USING btree (project, dataset, recipe_digest)
index CREATE UNIQUE INDEX debt_features_pkey ON debt_features USING btree (verdict)
index CREATE UNIQUE INDEX debt_items_open ON debt_items USING btree (project, item_key) WHERE (repaid_at IS NULL)
index CREATE UNIQUE INDEX debt_items_pk ON debt_items USING btree (project, item_key, since)
index CREATE UNIQUE INDEX debt_reports_pkey ON debt_reports USING btree (project)
index CREATE UNIQUE INDEX deployments_pkey ON deployments USING btree (name)
index CREATE UNIQUE INDEX early_trace_links_pk ON early_trace_links USING btree (trace_id, run_id)
index CREATE UNIQUE INDEX evaluation_dataset_experiments_pk ON evaluation_dataset_experiments USING btree (dataset_id, experiment_id)
index CREATE UNIQUE INDEX evaluation_dataset_tags_pk ON evaluation_dataset_tags USING btree (dataset_id, key)
index CREATE UNIQUE INDEX evaluation_datasets_pkey ON evaluation_datasets USING btree (id)
index CREATE UNIQUE INDEX evaluation_records_by_id ON evaluation_records USING btree (dataset_id, id)
index CREATE UNIQUE INDEX evaluation_records_once ON evaluation_records USING btree (dataset_id, input_hash)
index CREATE UNIQUE INDEX evaluation_records_pk ON evaluation_records USING btree (dataset_id, "position")
index CREATE UNIQUE INDEX events_id_key ON events USING btree (id)
index CREATE UNIQUE INDEX events_pkey ON events USING btree (seq)
index CREATE UNIQUE INDEX expectation_tests_pkey ON expectation_tests USING btree (id)
index CREATE UNIQUE INDEX experiment_tags_pk ON experiment_tags USING btree (experiment_id, key)
index CREATE UNIQUE INDEX experiments_name_key ON experiments USING btree (name)
index CREATE UNIQUE INDEX experiments_pkey ON experiments USING btree (id)
index CREATE UNIQUE INDEX feature_checks_pk ON feature_checks USING btree (project, view)
index CREATE UNIQUE INDEX feature_materializations_pk ON feature_materializations USING btree (project, view, number)
index CREATE UNIQUE INDEX feedback_parts_pk ON feedback_parts USING btree (deployment, dataset, starts_at)
index CREATE UNIQUE INDEX import_experiments_pk ON import_experiments USING btree (source, source_id)
index CREATE UNIQUE INDEX import_marks_pk ON import_marks USING btree (source, kind, id)
index CREATE UNIQUE INDEX jobs_pkey ON jobs USING btree (id)
index CREATE UNIQUE INDEX jobs_unique_key ON jobs USING btree (unique_key) WHERE ((unique_key IS NOT NULL) AND (state = ANY (ARRAY['available'::text, 'running'::text])))
index CREATE UNIQUE INDEX latest_metrics_pk ON latest_metrics USING btree (run_key, metric_id)
index CREATE UNIQUE INDEX logged_model_metrics_pk ON logged_model_metrics USING btree (model_id, metric_id, dataset_name, dataset_digest, step, logged_at, value)
index CREATE UNIQUE INDEX logged_model_params_pk ON logged_model_params USING btree (model_id, key)
index CREATE UNIQUE INDEX logged_model_tags_pk ON logged_model_tags USING btree (model_id, key)
index CREATE UNIQUE INDEX logged_models_artifact_root_key ON logged_models USING btree (artifact_root)
index CREATE UNIQUE INDEX logged_models_pkey ON logged_models USING btree (id)
index CREATE UNIQUE INDEX metric_blocks_pk ON metric_blocks USING btree (run_key, metric_id, level, last_step)
index CREATE UNIQUE INDEX metric_keys_name_key ON metric_keys USING btree (name)
index CREATE UNIQUE INDEX metric_keys_pkey ON metric_keys USING btree (id)
index CREATE UNIQUE INDEX metric_points_pk ON metric_points USING btree (run_key, metric_id, step, logged_at, value)
index CREATE UNIQUE INDEX metric_pyramids_pk ON metric_pyramids USING btree (run_key, metric_id)
index CREATE UNIQUE INDEX migrations_pkey ON migrations USING btree (name)
index CREATE UNIQUE INDEX model_aliases_pk ON model_aliases USING btree (model_id, alias)
index CREATE UNIQUE INDEX model_history_pkey ON model_history USING btree (seq)
index CREATE UNIQUE INDEX model_packages_pk ON model_packages USING btree (package_digest, path)
index CREATE UNIQUE INDEX model_version_counters_pkey ON model_version_counters USING btree (name)
index CREATE UNIQUE INDEX model_version_tags_pk ON model_version_tags USING btree (model_id, version, key)
index CREATE UNIQUE INDEX model_versions_pk ON model_versions USING btree (model_id, version)
index CREATE UNIQUE INDEX monitor_alerts_open ON monitor_alerts USING btree (project, monitor) WHERE (resolved_at IS NULL)
index CREATE UNIQUE INDEX monitor_alerts_pkey ON monitor_alerts USING btree (id)
index CREATE UNIQUE INDEX monitor_references_pk ON monitor_references USING btree (deployment, revision)
index CREATE UNIQUE INDEX monitor_windows_pk ON monitor_windows USING btree (project, monitor, window_from)
index CREATE UNIQUE INDEX multipart_uploads_pkey ON multipart_uploads USING btree (id)
index CREATE UNIQUE INDEX online_features_pk ON online_features USING btree (project, view, entity)
index CREATE UNIQUE INDEX outcome_corrections_pk ON outcome_corrections USING btree (deployment, number)
index CREATE UNIQUE INDEX outcomes_pk ON outcomes USING btree (deployment, example_id)
index CREATE UNIQUE INDEX pipeline_runs_number ON pipeline_runs USING btree (project, number)
index CREATE UNIQUE INDEX pipeline_runs_pkey ON pipeline_runs USING btree (id)
index CREATE UNIQUE INDEX pipeline_runs_request ON pipeline_runs USING btree (project, request_key) WHERE (request_key IS NOT NULL)
index CREATE UNIQUE INDEX pipeline_stages_pk ON pipeline_stages USING btree (pipeline_run, name)
index CREATE UNIQUE INDEX prediction_counters_pkey ON prediction_counters USING btree (deployment)
index CREATE UNIQUE INDEX prediction_features_pk ON prediction_features USING btree (segment, deployment)
index CREATE UNIQUE INDEX prediction_log_files_pk ON prediction_log_files USING btree (deployment, name)
index CREATE UNIQUE INDEX predictions_pk ON predictions USING btree (deployment, example_id, role, revision)
index CREATE UNIQUE INDEX project_revisions_pk ON project_revisions USING btree (project, revision)
index CREATE UNIQUE INDEX projects_pkey ON projects USING btree (name)
index CREATE UNIQUE INDEX purges_pk ON purges USING btree (kind, key)
index CREATE UNIQUE INDEX recalibrations_pk ON recalibrations USING btree (deployment, seq)
index CREATE UNIQUE INDEX registered_model_tags_pk ON registered_model_tags USING btree (model_id, key)
index CREATE UNIQUE INDEX registered_models_name_key ON registered_models USING btree (name)
index CREATE UNIQUE INDEX registered_models_pkey ON registered_models USING btree (id)
index CREATE UNIQUE INDEX revisions_pk ON revisions USING btree (deployment, number)
index CREATE UNIQUE INDEX rollouts_open ON rollouts USING btree (deployment) WHERE (state <> ALL (ARRAY['promoted'::text, 'rolled-back'::text]))
index CREATE UNIQUE INDEX rollouts_pkey ON rollouts USING btree (id)
index CREATE UNIQUE INDEX run_dataset_inputs_pk ON run_dataset_inputs USING btree (run_key, dataset_id)
index CREATE UNIQUE INDEX run_datasets_name ON run_datasets USING btree (experiment_id, name, digest)
index CREATE UNIQUE INDEX run_datasets_pkey ON run_datasets USING btree (id)
index CREATE UNIQUE INDEX run_models_pk ON run_models USING btree (run_key, direction, model_id)
index CREATE UNIQUE INDEX run_params_pk ON run_params USING btree (run_key, key)
index CREATE UNIQUE INDEX run_tags_pk ON run_tags USING btree (run_key, key)
index CREATE UNIQUE INDEX runs_artifact_root_key ON runs USING btree (artifact_root)
index CREATE UNIQUE INDEX runs_id_key ON runs USING btree (id)
index CREATE UNIQUE INDEX runs_pkey ON runs USING btree (key)
index CREATE UNIQUE INDEX schedule_ticks_pk ON schedule_ticks USING btree (schedule, due_at)
index CREATE UNIQUE INDEX scorer_versions_pk ON scorer_versions USING btree (scorer_id, version)
index CREATE UNIQUE INDEX scorers_by_name ON scorers USING btree (experiment_id, name)
index CREATE UNIQUE INDEX scorers_pkey ON scorers USING btree (id)
index CREATE UNIQUE INDEX segments_pkey ON segments USING btree (id)
index CREATE UNIQUE INDEX serving_replicas_pkey ON serving_replicas USING btree (replica)
index CREATE UNIQUE INDEX serving_snapshot_pkey ON serving_snapshot USING btree (id)
index CREATE UNIQUE INDEX settings_pkey ON settings USING btree (name)
index CREATE UNIQUE INDEX spans_pk ON spans USING btree (trace_key, span_id)
index CREATE UNIQUE INDEX stage_attempts_live ON stage_attempts USING btree (pipeline_run, stage) WHERE (status = 'running'::text)
index CREATE UNIQUE INDEX stage_attempts_number ON stage_attempts USING btree (pipeline_run, stage, number)
index CREATE UNIQUE INDEX stage_attempts_pkey ON stage_attempts USING btree (id)
index CREATE UNIQUE INDEX stage_results_pkey ON stage_results USING btree (id)
index CREATE UNIQUE INDEX sweep_trials_pk ON sweep_trials USING btree (sweep, number)
index CREATE UNIQUE INDEX sweeps_number ON sweeps USING btree (project, number)
index CREATE UNIQUE INDEX sweeps_pkey ON sweeps USING btree (id)
index CREATE UNIQUE INDEX sweeps_request ON sweeps USING btree (project, request_key)
index CREATE UNIQUE INDEX trace_links_pk ON trace_links USING btree (trace_key, kind, target)
index CREATE UNIQUE INDEX trace_metadata_pk ON trace_metadata USING btree (trace_key, key)
index CREATE UNIQUE INDEX trace_tags_pk ON trace_tags USING btree (trace_key, key)
index CREATE UNIQUE INDEX traces_id_key ON traces USING btree (id)
index CREATE UNIQUE INDEX traces_pkey ON traces USING btree (key)
index CREATE UNIQUE INDEX training_sets_of_recipe ON training_sets USING btree (project, recipe_digest)
index CREATE UNIQUE INDEX training_sets_pkey ON training_sets USING btree (id)
index CREATE UNIQUE INDEX unknown_callers_pk ON unknown_callers USING btree (hour, deployment, token, agent, address)
index CREATE UNIQUE INDEX verdicts_pkey ON verdicts USING btree (id)
index CREATE UNIQUE INDEX verdicts_request ON verdicts USING btree (request_key) WHERE (request_key IS NOT NULL)
index CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries USING btree (webhook_id, event_seq, event)
index CREATE UNIQUE INDEX webhook_deliveries_pkey ON webhook_deliveries USING btree (id)
index CREATE UNIQUE INDEX webhooks_pkey ON webhooks USING btree (id)
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
latest_metrics.logged_at bigint not null
latest_metrics.max_value double precision
latest_metrics.metric_id bigint not null
latest_metrics.min_value double precision
latest_metrics.run_key bigint not null
latest_metrics.step bigint not null
latest_metrics.value double precision not null
logged_model_metrics.dataset_digest text not null
logged_model_metrics.dataset_name text not null
logged_model_metrics.logged_at bigint not null
logged_model_metrics.metric_id bigint not null
logged_model_metrics.model_id text not null
logged_model_metrics.run_id text not null
logged_model_metrics.step bigint not null
logged_model_metrics.value double precision not null
logged_model_params.key text not null
logged_model_params.model_id text not null
logged_model_params.value text not null
logged_model_tags.key text not null
logged_model_tags.model_id text not null
logged_model_tags.value text not null
logged_models.artifact_root text not null
logged_models.created_at bigint not null
logged_models.deleted_at bigint
logged_models.experiment_id bigint not null
logged_models.id text not null
logged_models.lifecycle text not null
logged_models.model_type text not null
logged_models.name text not null
logged_models.source_run_id text
logged_models.status text not null
logged_models.updated_at bigint not null
metric_blocks.first_step bigint not null
metric_blocks.last_step bigint not null
metric_blocks.level bigint not null
metric_blocks.max_value double precision
metric_blocks.metric_id bigint not null
metric_blocks.min_value double precision
metric_blocks.numbers bigint not null
metric_blocks.points bigint not null
metric_blocks.run_key bigint not null
metric_blocks.scaled_sum double precision
metric_keys.id bigint not null
metric_keys.name text not null
metric_points.logged_at bigint not null
metric_points.metric_id bigint not null
metric_points.run_key bigint not null
metric_points.step bigint not null
metric_points.value double precision not null
metric_pyramids.covered_to bigint not null
metric_pyramids.metric_id bigint not null
metric_pyramids.run_key bigint not null
migrations.applied_at bigint not null
migrations.name text not null
model_aliases.alias text not null
model_aliases.model_id text not null
model_aliases.version bigint not null
model_history.actor text not null
model_history.at bigint not null
model_history.event_seq bigint not null
model_history.from_value text
model_history.key text not null
model_history.kind text not null
model_history.model text not null
model_history.model_id text not null
model_history.reason text
model_history.seq bigint not null
model_history.to_value text
model_history.verdict_id text
model_history.version bigint
model_packages.digest text not null
model_packages.package_digest text not null
model_packages.path text not null
model_packages.size_bytes bigint not null
model_version_counters.last_version bigint not null
model_version_counters.name text not null
model_version_tags.key text not null
model_version_tags.model_id text not null
model_version_tags.value text not null
model_version_tags.version bigint not null
model_versions.artifact_path text
model_versions.artifact_root text
model_versions.created_at bigint not null
model_versions.created_by text not null
model_versions.description text
model_versions.files_uri text
model_versions.logged_model_id text
model_versions.model_id text not null
model_versions.run_id text
model_versions.run_link text
model_versions.source text not null
model_versions.stage text not null
model_versions.updated_at bigint not null
model_versions.version bigint not null
monitor_alerts.event_seq bigint not null
monitor_alerts.id text not null
monitor_alerts.kind text not null
monitor_alerts.monitor text not null
monitor_alerts.project text not null
monitor_alerts.raised_at bigint not null
monitor_alerts.reason text not null
monitor_alerts.resolution text
monitor_alerts.resolved_at bigint
monitor_alerts.revision bigint
monitor_alerts.window_before bigint not null
monitor_alerts.window_from bigint not null
monitor_references.body text not null
monitor_references.deployment text not null
monitor_references.measured_at bigint not null
monitor_references.revision bigint not null
monitor_windows.body text not null
monitor_windows.event_seq bigint not null
monitor_windows.judged_at bigint not null
monitor_windows.model_version bigint
monitor_windows.monitor text not null
monitor_windows.n bigint not null
monitor_windows.project text not null
monitor_windows.reason text not null
monitor_windows.revision bigint
monitor_windows.verdict text not null
monitor_windows.window_before bigint not null
monitor_windows.window_from bigint not null
multipart_uploads.expires_at bigint not null
multipart_uploads.id text not null
multipart_uploads.parts bigint not null
multipart_uploads.path text not null
multipart_uploads.root text not null
multipart_uploads.state text not null
online_features.entity text not null
online_features.event_time bigint not null
online_features.features text not null
online_features.project text not null
online_features.view text not null
outcome_corrections.deployment text not null
outcome_corrections.example_id text not null
outcome_corrections.number bigint not null
outcomes.corrections bigint not null
outcomes.deployment text not null
outcomes.example_id text not null
outcomes.is_pending bigint not null
outcomes.label bigint not null
outcomes.label_at bigint not null
outcomes.received_at bigint not null
pipeline_runs.actor text not null
pipeline_runs.cancel_requested_at bigint
pipeline_runs.code_digest text
pipeline_runs.created_at bigint not null
pipeline_runs.cutoff bigint
pipeline_runs.cycle text
pipeline_runs.ended_at bigint
pipeline_runs.environment_key text
pipeline_runs.environment_log text
pipeline_runs.executor text not null default 'local'::text
pipeline_runs.facts bigint
pipeline_runs.fence bigint not null
pipeline_runs.forced_from text
pipeline_runs.from_commit text
pipeline_runs.git_commit text
pipeline_runs.heard_at bigint
pipeline_runs.id text not null
pipeline_runs.inputs text not null
pipeline_runs.keeps_going bigint not null default 0
pipeline_runs.model_versions text not null
pipeline_runs.number bigint not null
pipeline_runs.params text not null
pipeline_runs.phase text not null
pipeline_runs.place text
pipeline_runs.project text not null
pipeline_runs.reason text
pipeline_runs.request_key text
pipeline_runs.retry_of text
pipeline_runs.revision bigint not null
pipeline_runs.source text not null default 'server'::text
pipeline_runs.stage_timeout_ms bigint not null
pipeline_runs.started_at bigint
pipeline_runs.status text not null
pipeline_stages.after text not null
pipeline_stages.because text
pipeline_stages.command text not null
pipeline_stages.description text
pipeline_stages.ended_at bigint
pipeline_stages.inputs text not null
pipeline_stages.is_cached bigint not null
pipeline_stages.name text not null
pipeline_stages.outputs text not null
pipeline_stages.pipeline_run text not null
pipeline_stages.position bigint not null
pipeline_stages.project text not null
pipeline_stages.reason text
pipeline_stages.report text
pipeline_stages.result text
pipeline_stages.run_id text
pipeline_stages.status text not null
pipeline_stages.why text not null
prediction_counters.deployment text not null
prediction_counters.last_seq bigint not null
prediction_features.deployment text not null
prediction_features.digest text not null
prediction_features.max_event_time bigint not null
prediction_features.min_event_time bigint not null
prediction_features.rows bigint not null
prediction_features.segment text not null
prediction_features.size_bytes bigint not null
prediction_log_files.deployment text not null
prediction_log_files.digest text not null
prediction_log_files.max_at bigint not null
prediction_log_files.min_at bigint not null
prediction_log_files.name text not null
prediction_log_files.rows bigint not null
prediction_log_files.size_bytes bigint not null
predictions.baseline_value double precision
predictions.decision bigint
predictions.deployment text not null
predictions.error text
predictions.event_time bigint not null
predictions.example_id text not null
predictions.ingested_at bigint not null
predictions.is_split bigint not null
predictions.label bigint
predictions.label_at bigint
predictions.label_seq bigint
predictions.labelled_at bigint
predictions.latency_us bigint not null
predictions.loss double precision
predictions.model_loss double precision
predictions.model_value double precision
predictions.model_version bigint not null
predictions.part_rows bigint not null
predictions.predicted_at bigint not null
predictions.probability double precision
predictions.project text not null
predictions.request_id text not null
predictions.revision bigint not null
predictions.role text not null
predictions.rollout text
predictions.segment text not null
predictions.seq bigint not null
predictions.share double precision not null
predictions.shift double precision not null default 0
predictions.stage bigint
predictions.threshold double precision not null
predictions.value double precision
project_revisions.actor text not null
project_revisions.applied_at bigint not null
project_revisions.changes text not null
project_revisions.digest text not null
project_revisions.folder text not null
project_revisions.project text not null
project_revisions.revision bigint not null
project_revisions.written text not null
projects.created_at bigint not null
projects.folder text not null
projects.name text not null
projects.revision bigint not null
purges.artifact_root text not null
purges.key text not null
purges.kind text not null
purges.purged_at bigint not null
recalibrations.answered_loss double precision not null
recalibrations.deployment text not null
recalibrations.fitted_at bigint not null
recalibrations.model_loss double precision not null
recalibrations.revision bigint not null
recalibrations.rows bigint not null
recalibrations.seq bigint not null
recalibrations.shift double precision not null
recalibrations.window_before bigint not null
recalibrations.window_from bigint not null
registered_model_tags.key text not null
registered_model_tags.model_id text not null
registered_model_tags.value text not null
registered_models.created_at bigint not null
registered_models.description text
registered_models.id text not null
registered_models.name text not null
registered_models.project text
registered_models.updated_at bigint not null
revisions.created_at bigint not null
revisions.created_by text not null
revisions.deployment text not null
revisions.digest text not null
revisions.flavor text not null default 'onnx'::text
revisions.input_adapters text not null
revisions.model text not null
revisions.model_digest text not null
revisions.number bigint not null
revisions.package_digest text
revisions.serving text not null default '{}'::text
revisions.threshold double precision not null
revisions.version bigint not null
rollouts.cycle text
rollouts.deployment text not null
rollouts.ended_at bigint
rollouts.from_revision bigint
rollouts.id text not null
rollouts.progress text not null
rollouts.project text not null
rollouts.reason text
rollouts.revision bigint not null
rollouts.stage bigint not null
rollouts.started_at bigint not null
rollouts.state text not null
rollouts.verdict_id text
run_dataset_inputs.context text
run_dataset_inputs.dataset_id bigint not null
run_dataset_inputs.run_key bigint not null
run_dataset_inputs.tags text not null
run_datasets.digest text not null
run_datasets.experiment_id bigint not null
run_datasets.id bigint not null
run_datasets.name text not null
run_datasets.profile text
run_datasets.schema text
run_datasets.source text not null
run_datasets.source_type text not null
run_models.direction text not null
run_models.model_id text not null
run_models.run_key bigint not null
run_models.step bigint not null
run_params.key text not null
run_params.run_key bigint not null
run_params.value text not null
run_tags.key text not null
run_tags.run_key bigint not null
run_tags.value text not null
runs.artifact_root text not null
runs.deleted_at bigint
runs.end_time bigint
runs.experiment_id bigint not null
runs.id text not null
runs.key bigint not null
runs.lifecycle text not null
runs.name text not null
runs.start_time bigint not null
runs.status text not null
runs.updated_at bigint not null
runs.user_id text not null
schedule_ticks.due_at bigint not null
schedule_ticks.job_id text not null
schedule_ticks.schedule text not null
scorer_versions.created_at bigint not null
scorer_versions.scorer_id text not null
scorer_versions.serialized text not null
scorer_versions.version bigint not null
scorers.experiment_id bigint not null
scorers.id text not null
scorers.last_version bigint not null
scorers.name text not null
segments.id text not null
segments.raw_digest text
segments.received_at bigint not null
segments.records bigint not null
segments.replica text not null
segments.rows bigint not null
serving_replicas.replica text not null
serving_replicas.report text not null
serving_replicas.reported_at bigint not null
serving_snapshot.access text
serving_snapshot.body text not null
serving_snapshot.id bigint not null
serving_snapshot.version bigint not null
settings.name text not null
settings.value text not null
spans.attributes text not null
spans.ended_ns bigint
spans.events text not null
spans.input_cost double precision
spans.links text not null
spans.model_name text
spans.model_provider text
spans.name text not null
spans.output_cost double precision
spans.parent_id text
spans.span_id text not null
spans.started_ns bigint not null
spans.status text not null
spans.status_message text not null
spans.total_cost double precision
spans.trace_key bigint not null
spans.type text
spans.usage text
stage_attempts.cpu_ms bigint
stage_attempts.duration_ms bigint
stage_attempts.ended_at bigint
stage_attempts.exit_code bigint
stage_attempts.id text not null
stage_attempts.is_run_ended bigint not null
stage_attempts.log_digest text
stage_attempts.machine text
stage_attempts.number bigint not null
stage_attempts.peak_memory_bytes bigint
stage_attempts.pipeline_run text not null
stage_attempts.reason text
stage_attempts.run_id text
stage_attempts.signal text
stage_attempts.stage text not null
stage_attempts.started_at bigint not null
stage_attempts.status text not null
stage_results.attempt text not null
stage_results.created_at bigint not null
stage_results.entry text not null
stage_results.environment_key text not null
stage_results.id text not null
stage_results.model_versions text not null
stage_results.outputs text not null
stage_results.project text not null
stage_results.result_key text not null
stage_results.run_id text
stage_results.stage text not null
sweep_trials.curve text not null
sweep_trials.ended_at bigint
sweep_trials.is_stopping bigint not null
sweep_trials.number bigint not null
sweep_trials.params text not null
sweep_trials.pipeline_run text
sweep_trials.reason text
sweep_trials.run_id text
sweep_trials.started_at bigint
sweep_trials.state text not null
sweep_trials.step bigint
sweep_trials.sweep text not null
sweep_trials.value double precision
sweeps.actor text not null
sweeps.best_trial bigint
sweeps.created_at bigint not null
sweeps.deadline bigint
sweeps.early_stopping text
sweeps.ended_at bigint
sweeps.goal text not null
sweeps.id text not null
sweeps.max_failed_share double precision not null
sweeps.max_trials bigint not null
sweeps.method text not null
sweeps.metric text not null
sweeps.number bigint not null
sweeps.parallel bigint not null
sweeps.project text not null
sweeps.reason text
sweeps.request_key text
sweeps.seed bigint not null
sweeps.space text not null
sweeps.stage_timeout_ms bigint
sweeps.started_at bigint
sweeps.state text not null
sweeps.time_limit_ms bigint
sweeps.version bigint not null
trace_links.kind text not null
trace_links.target text not null
trace_links.trace_key bigint not null
trace_metadata.key text not null
trace_metadata.trace_key bigint not null
trace_metadata.value text not null
trace_tags.key text not null
trace_tags.trace_key bigint not null
trace_tags.value text not null
traces.cache_creation_input_tokens bigint
traces.cache_read_input_tokens bigint
traces.client_request_id text
traces.duration_ms bigint
traces.experiment_id bigint not null
traces.id text not null
traces.input_cost double precision
traces.input_tokens bigint
traces.is_finalized bigint not null
traces.key bigint not null
traces.name text
traces.output_cost double precision
traces.output_tokens bigint
traces.request_preview text
traces.response_preview text
traces.session_id text
traces.started_at bigint not null
traces.status text not null
traces.total_cost double precision
traces.total_tokens bigint
training_sets.columns text not null
training_sets.created_at bigint not null
training_sets.digest text not null
training_sets.event_time text not null
training_sets.features text not null
training_sets.id text not null
training_sets.project text not null
training_sets.recipe_digest text not null
training_sets.rows bigint not null
training_sets.rows_from text not null
training_sets.size_bytes bigint not null
training_sets.versions text not null
unknown_callers.address text not null
unknown_callers.agent text not null
unknown_callers.deployment text not null
unknown_callers.hour bigint not null
unknown_callers.last_at bigint not null
unknown_callers.requests bigint not null
unknown_callers.token text not null
verdicts.actor text not null
verdicts.champion_version bigint
verdicts.checks text not null
verdicts.created_at bigint not null
verdicts.cycle text
verdicts.evaluation text not null
verdicts.id text not null
verdicts.measured text not null
verdicts.model text not null
verdicts.project text not null
verdicts.request_key text
verdicts.status text not null
verdicts.version bigint not null
webhook_deliveries.body text not null
webhook_deliveries.created_at bigint not null
webhook_deliveries.error text
webhook_deliveries.event text not null
webhook_deliveries.event_seq bigint not null
webhook_deliveries.id text not null
webhook_deliveries.next_try_at bigint
webhook_deliveries.state text not null
webhook_deliveries.status bigint
webhook_deliveries.tried_at bigint
webhook_deliveries.tries bigint not null
webhook_deliveries.webhook_id text not null
webhooks.created_at bigint not null
webhooks.description text
webhooks.events text not null
webhooks.id text not null
webhooks.name text not null
webhooks.secret text
webhooks.since_seq bigint not null
webhooks.status text not null
webhooks.updated_at bigint not null
webhooks.url text not null
