// Traces of applications: their spans, tags, metadata, assessments and files, as MLflow and OpenTelemetry mean them.
// Owns their tables, the search language's meaning for them, and the rules by which spans make a trace.
// Does not know how spans travel (protocols/otel) nor how MLflow speaks over HTTP (protocols/mlflow).
// Called by those two and the native routes; stands on experiments, whose artifacts hold the files of traces.
export { createTraces, type Traces } from './service.ts';
export { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
export type { AssessmentChange, NewAssessment } from './assessments/assessments.ts';
export type { TraceFilePlace } from './files.ts';
export type { ForeignTrace } from './importing/import-traces.ts';
export { isWhole } from './read-traces.ts';
export { aggregationTypes, metricViews } from './search/query-metric.ts';
export type { GivenTrace } from './traces.ts';
export { traceRoutes } from './routes.ts';
export * from './model.ts';
