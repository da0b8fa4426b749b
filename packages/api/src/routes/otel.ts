import { defineRawRoute } from '../route.ts';

/** As it is sent, and again once it is unpacked. */
export const OTLP_LIMIT_BYTES = 32_000_000;

/** OpenTelemetry's protocol over HTTP: traces only, as MLflow's server takes them. */
export const otel = {
  exportTraces: defineRawRoute({
    name: 'otel.exportTraces',
    method: 'POST',
    path: '/v1/traces',
    summary: 'OpenTelemetry: take spans (OTLP, protobuf or JSON)',
    protocol: 'otel',
    permission: 'write',
    audit: 'trace.log',
    bodyLimitBytes: OTLP_LIMIT_BYTES,
    bodyAs: 'bytes',
  }),
};
