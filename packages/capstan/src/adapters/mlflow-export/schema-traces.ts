// The tables of traces, scorers, evaluation datasets and webhooks, as `schema.ts` means them.
export const tracesAndEvaluations = `
create table assessments (
  assessment_id varchar(50) not null, trace_id varchar(50) not null, name varchar(250) not null,
  assessment_type varchar(20) not null, value text not null, error text, created_timestamp bigint not null,
  last_updated_timestamp bigint not null, source_type varchar(50) not null, source_id varchar(250),
  run_id varchar(32), span_id varchar(50), rationale text, overrides varchar(50), valid boolean not null,
  assessment_metadata text, constraint assessments_pk primary key (assessment_id),
  constraint fk_assessments_trace_id foreign key(trace_id) references trace_info (request_id) on delete cascade
);
create table spans (
  trace_id varchar(50) not null, experiment_id integer not null, span_id varchar(50) not null,
  parent_span_id varchar(50), name text, type varchar(500), status varchar(50) not null,
  start_time_unix_nano bigint not null, end_time_unix_nano bigint,
  duration_ns bigint generated always as (end_time_unix_nano - start_time_unix_nano) stored, content text not null,
  constraint spans_pk primary key (trace_id, span_id),
  constraint fk_spans_trace_id foreign key(trace_id) references trace_info (request_id) on delete cascade,
  constraint fk_spans_experiment_id foreign key(experiment_id) references experiments (experiment_id)
);
create table entity_associations (
  association_id varchar(36) not null, source_type varchar(36) not null, source_id varchar(36) not null,
  destination_type varchar(36) not null, destination_id varchar(36) not null, created_time bigint,
  constraint entity_associations_pk primary key (source_type, source_id, destination_type, destination_id)
);
create table webhooks (
  webhook_id varchar(256) not null, name varchar(256) not null, description varchar(1000), url varchar(500) not null,
  status varchar(20) default 'ACTIVE' not null, secret varchar(1000), creation_timestamp bigint,
  last_updated_timestamp bigint, deleted_timestamp bigint, constraint webhook_pk primary key (webhook_id)
);
create table webhook_events (
  webhook_id varchar(256) not null, entity varchar(50) not null, action varchar(50) not null,
  constraint webhook_event_pk primary key (webhook_id, entity, action),
  foreign key(webhook_id) references webhooks (webhook_id) on delete cascade
);
create table scorers (
  experiment_id integer not null, scorer_name varchar(256) not null, scorer_id varchar(36) not null,
  constraint scorer_pk primary key (scorer_id),
  constraint fk_scorers_experiment_id foreign key(experiment_id) references experiments (experiment_id) on delete cascade
);
create table scorer_versions (
  scorer_id varchar(36) not null, scorer_version integer not null, serialized_scorer text not null,
  creation_time bigint, constraint scorer_version_pk primary key (scorer_id, scorer_version),
  constraint fk_scorer_versions_scorer_id foreign key(scorer_id) references scorers (scorer_id) on delete cascade
);
create table evaluation_datasets (
  dataset_id varchar(36) not null, name varchar(255) not null, schema text, profile text, digest varchar(64),
  created_time bigint, last_update_time bigint, created_by varchar(255), last_updated_by varchar(255),
  constraint evaluation_datasets_pk primary key (dataset_id)
);
create table evaluation_dataset_tags (
  dataset_id varchar(36) not null, key varchar(255) not null, value varchar(5000),
  constraint evaluation_dataset_tags_pk primary key (dataset_id, key),
  constraint fk_evaluation_dataset_tags_dataset_id foreign key(dataset_id)
    references evaluation_datasets (dataset_id) on delete cascade
);
create table evaluation_dataset_records (
  dataset_record_id varchar(36) not null, dataset_id varchar(36) not null, inputs json not null, expectations json,
  tags json, source json, source_id varchar(36), source_type varchar(255), created_time bigint,
  last_update_time bigint, created_by varchar(255), last_updated_by varchar(255), input_hash varchar(64) not null,
  outputs json, constraint evaluation_dataset_records_pk primary key (dataset_record_id),
  constraint fk_evaluation_dataset_records_dataset_id foreign key(dataset_id)
    references evaluation_datasets (dataset_id) on delete cascade,
  constraint unique_dataset_input unique (dataset_id, input_hash)
);
create index index_assessments_trace_id_created_timestamp on assessments (trace_id, created_timestamp);
create index index_assessments_run_id_created_timestamp on assessments (run_id, created_timestamp);
create index index_assessments_last_updated_timestamp on assessments (last_updated_timestamp);
create index index_assessments_assessment_type on assessments (assessment_type);
create index index_spans_experiment_id on spans (experiment_id);
create index index_spans_experiment_id_status_type on spans (experiment_id, status, type);
create index index_spans_experiment_id_type_status on spans (experiment_id, type, status);
create index index_spans_experiment_id_duration on spans (experiment_id, duration_ns);
create index index_entity_associations_association_id on entity_associations (association_id);
create index index_entity_associations_reverse_lookup
  on entity_associations (destination_type, destination_id, source_type, source_id);
create index idx_webhooks_status on webhooks (status);
create index idx_webhooks_name on webhooks (name);
create index idx_webhook_events_entity on webhook_events (entity);
create index idx_webhook_events_action on webhook_events (action);
create index idx_webhook_events_entity_action on webhook_events (entity, action);
create unique index index_scorers_experiment_id_scorer_name on scorers (experiment_id, scorer_name);
create index index_scorer_versions_scorer_id on scorer_versions (scorer_id);
create index index_evaluation_datasets_name on evaluation_datasets (name);
create index index_evaluation_datasets_created_time on evaluation_datasets (created_time);
create index index_evaluation_dataset_tags_dataset_id on evaluation_dataset_tags (dataset_id);
create index index_evaluation_dataset_records_dataset_id on evaluation_dataset_records (dataset_id);
`;
