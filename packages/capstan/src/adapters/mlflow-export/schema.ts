// Tables of MLflow's database at the first revision that holds all that is written: logged models, traces with spans and
// assessments, scorers, evaluation datasets with outputs. A later MLflow finds tables missing, and brings the database to
// its own revision when it opens it. Names and types are MLflow's: its migrations look for them. Why this revision:
// docs/decisions/0022.

import { tracesAndEvaluations } from './schema-traces.ts';

/** MLflow's name of the revision. */
const REVISION = '3da73c924c2f';

export const schema = `
create table alembic_version (version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num));
insert into alembic_version values ('${REVISION}');
create table experiments (
  experiment_id integer not null, name varchar(256) not null, artifact_location varchar(256),
  lifecycle_stage varchar(32), creation_time bigint, last_update_time bigint,
  constraint experiment_pk primary key (experiment_id),
  constraint experiments_lifecycle_stage check (lifecycle_stage in ('active', 'deleted')), unique (name)
);
create table experiment_tags (
  key varchar(250) not null, value varchar(5000), experiment_id integer not null,
  constraint experiment_tag_pk primary key (key, experiment_id),
  foreign key(experiment_id) references experiments (experiment_id)
);
create table registered_models (
  name varchar(256) not null, creation_time bigint, last_updated_time bigint, description varchar(5000),
  constraint registered_model_pk primary key (name), unique (name)
);
create table runs (
  run_uuid varchar(32) not null, name varchar(250), source_type varchar(20), source_name varchar(500),
  entry_point_name varchar(50), user_id varchar(256), status varchar(9), start_time bigint, end_time bigint,
  source_version varchar(50), lifecycle_stage varchar(20), artifact_uri varchar(200), experiment_id integer,
  deleted_time bigint, constraint run_pk primary key (run_uuid),
  constraint source_type check (source_type in ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')),
  constraint runs_lifecycle_stage check (lifecycle_stage in ('active', 'deleted')),
  foreign key(experiment_id) references experiments (experiment_id),
  check (status in ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
create table registered_model_tags (
  key varchar(250) not null, value varchar(5000), name varchar(256) not null,
  constraint registered_model_tag_pk primary key (key, name),
  foreign key(name) references registered_models (name) on update cascade
);
create table model_version_tags (
  key varchar(250) not null, value text, name varchar(256) not null, version integer not null,
  constraint model_version_tag_pk primary key (key, name, version),
  foreign key(name, version) references model_versions (name, version) on update cascade
);
create table model_versions (
  name varchar(256) not null, version integer not null, creation_time bigint, last_updated_time bigint,
  description varchar(5000), user_id varchar(256), current_stage varchar(20), source varchar(500),
  run_id varchar(32), status varchar(20), status_message varchar(500), run_link varchar(500),
  storage_location varchar(500), constraint model_version_pk primary key (name, version),
  foreign key(name) references registered_models (name) on update cascade
);
create table latest_metrics (
  key varchar(250) not null, value float not null, timestamp bigint, step bigint not null, is_nan boolean not null,
  run_uuid varchar(32) not null, constraint latest_metric_pk primary key (key, run_uuid),
  foreign key(run_uuid) references runs (run_uuid), check (is_nan in (0, 1))
);
create table metrics (
  key varchar(250) not null, value float not null, timestamp bigint not null, run_uuid varchar(32) not null,
  step bigint default '0' not null, is_nan boolean default '0' not null,
  constraint metric_pk primary key (key, timestamp, step, run_uuid, value, is_nan),
  foreign key(run_uuid) references runs (run_uuid), check (is_nan in (0, 1))
);
create table registered_model_aliases (
  alias varchar(256) not null, version integer not null, name varchar(256) not null,
  constraint registered_model_alias_pk primary key (name, alias),
  constraint registered_model_alias_name_fkey foreign key(name) references registered_models (name) on delete cascade on update cascade
);
create table inputs (
  input_uuid varchar(36) not null, source_type varchar(36) not null, source_id varchar(36) not null,
  destination_type varchar(36) not null, destination_id varchar(36) not null, step bigint default '0' not null,
  constraint inputs_pk primary key (source_type, source_id, destination_type, destination_id)
);
create table input_tags (
  input_uuid varchar(36) not null, name varchar(255) not null, value varchar(500) not null,
  constraint input_tags_pk primary key (input_uuid, name)
);
create table params (
  key varchar(250) not null, value varchar(8000) not null, run_uuid varchar(32) not null,
  constraint param_pk primary key (key, run_uuid), foreign key(run_uuid) references runs (run_uuid)
);
create table trace_info (
  request_id varchar(50) not null, experiment_id integer not null, timestamp_ms bigint not null,
  execution_time_ms bigint, status varchar(50) not null, client_request_id varchar(50),
  request_preview varchar(1000), response_preview varchar(1000), constraint trace_info_pk primary key (request_id),
  constraint fk_trace_info_experiment_id foreign key(experiment_id) references experiments (experiment_id)
);
create table trace_tags (
  key varchar(250) not null, value varchar(8000), request_id varchar(50) not null,
  constraint trace_tag_pk primary key (key, request_id),
  constraint fk_trace_tags_request_id foreign key(request_id) references trace_info (request_id) on delete cascade
);
create table trace_request_metadata (
  key varchar(250) not null, value varchar(8000), request_id varchar(50) not null,
  constraint trace_request_metadata_pk primary key (key, request_id),
  constraint fk_trace_request_metadata_request_id foreign key(request_id) references trace_info (request_id) on delete cascade
);
create table tags (
  key varchar(250) not null, value varchar(8000), run_uuid varchar(32) not null,
  constraint tag_pk primary key (key, run_uuid), foreign key(run_uuid) references runs (run_uuid)
);
create table datasets (
  dataset_uuid varchar(36) not null, experiment_id integer not null, name varchar(500) not null,
  digest varchar(36) not null, dataset_source_type varchar(36) not null, dataset_source text not null,
  dataset_schema text, dataset_profile text, constraint dataset_pk primary key (experiment_id, name, digest),
  constraint fk_datasets_experiment_id_experiments foreign key(experiment_id) references experiments (experiment_id) on delete cascade
);
create table logged_models (
  model_id varchar(36) not null, experiment_id integer not null, name varchar(500) not null,
  artifact_location varchar(1000) not null, creation_timestamp_ms bigint not null,
  last_updated_timestamp_ms bigint not null, status integer not null, lifecycle_stage varchar(32),
  model_type varchar(500), source_run_id varchar(32), status_message varchar(1000),
  constraint logged_models_pk primary key (model_id),
  constraint logged_models_lifecycle_stage_check check (lifecycle_stage in ('active', 'deleted')),
  constraint fk_logged_models_experiment_id foreign key(experiment_id) references experiments (experiment_id) on delete cascade
);
create table logged_model_metrics (
  model_id varchar(36) not null, metric_name varchar(500) not null, metric_timestamp_ms bigint not null,
  metric_step bigint not null, metric_value float, experiment_id integer not null, run_id varchar(32) not null,
  dataset_uuid varchar(36), dataset_name varchar(500), dataset_digest varchar(36),
  constraint logged_model_metrics_pk primary key (model_id, metric_name, metric_timestamp_ms, metric_step, run_id),
  constraint fk_logged_model_metrics_experiment_id foreign key(experiment_id) references experiments (experiment_id),
  constraint fk_logged_model_metrics_model_id foreign key(model_id) references logged_models (model_id) on delete cascade,
  constraint fk_logged_model_metrics_run_id foreign key(run_id) references runs (run_uuid) on delete cascade
);
create table logged_model_params (
  model_id varchar(36) not null, experiment_id integer not null, param_key varchar(255) not null,
  param_value text not null, constraint logged_model_params_pk primary key (model_id, param_key),
  constraint fk_logged_model_params_experiment_id foreign key(experiment_id) references experiments (experiment_id),
  constraint fk_logged_model_params_model_id foreign key(model_id) references logged_models (model_id) on delete cascade
);
create table logged_model_tags (
  model_id varchar(36) not null, experiment_id integer not null, tag_key varchar(255) not null,
  tag_value text not null, constraint logged_model_tags_pk primary key (model_id, tag_key),
  constraint fk_logged_model_tags_experiment_id foreign key(experiment_id) references experiments (experiment_id),
  constraint fk_logged_model_tags_model_id foreign key(model_id) references logged_models (model_id) on delete cascade
);
create index index_metrics_run_uuid on metrics (run_uuid);
create index index_latest_metrics_run_uuid on latest_metrics (run_uuid);
create index index_inputs_destination_type_destination_id_source_type on inputs (destination_type, destination_id, source_type);
create index index_inputs_input_uuid on inputs (input_uuid);
create index index_params_run_uuid on params (run_uuid);
create index index_trace_info_experiment_id_timestamp_ms on trace_info (experiment_id, timestamp_ms);
create index index_trace_tags_request_id on trace_tags (request_id);
create index index_trace_request_metadata_request_id on trace_request_metadata (request_id);
create index index_tags_run_uuid on tags (run_uuid);
create index index_datasets_experiment_id_dataset_source_type on datasets (experiment_id, dataset_source_type);
create index index_datasets_dataset_uuid on datasets (dataset_uuid);
create index index_logged_model_metrics_model_id on logged_model_metrics (model_id);
${tracesAndEvaluations}`;
