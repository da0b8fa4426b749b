// OpenTelemetry's protocol over HTTP (OTLP), traces only: protobuf and JSON, packed or not, as MLflow's server takes it.
// Owns the encodings and the refusals; what spans make of a trace is the business of traces.
export { otelErrors } from './errors.ts';
export { otelRoutes } from './routes.ts';
