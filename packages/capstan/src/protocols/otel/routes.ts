import { OTLP_LIMIT_BYTES, routes } from '@capstan/api';
import { bindRaw, mediaOf, type BoundRoute, type RawReply, type RawRequest } from '#http';
import { invalid } from '#kernel/errors';
import type { SentSpan, Traces } from '#model/traces';
import { detail } from './errors.ts';
import { exportTraceServiceRequest, type Read } from './messages.ts';
import { readJson } from './read-json.ts';
import { spansIn } from './to-spans.ts';
import { unpack } from './unpack.ts';

const EXPERIMENT_HEADER = 'x-mlflow-experiment-id';
const RUN_HEADER = 'x-mlflow-run-id';
const types = ['application/x-protobuf', 'application/json'];

/** An ExportTraceServiceResponse that says nothing: all was taken. */
const accepted: RawReply = { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' };

export function otelRoutes(traces: Traces): BoundRoute[] {
  return [
    bindRaw(routes.otel.exportTraces, async (request) => {
      const experimentId = headerOf(request, EXPERIMENT_HEADER);
      if (experimentId === '') return missingHeader();
      const type = mediaOf(request.headers['content-type']);
      if (!types.includes(type)) {
        return detail(400, `Invalid Content-Type: ${type}. Expected: ${types.join(' or ')}`);
      }
      const encoding = headerOf(request, 'content-encoding').toLowerCase();
      const body = await unpack(request.bytes, encoding, OTLP_LIMIT_BYTES);
      if (body === 'unknown') return detail(400, `Unsupported Content-Encoding: ${encoding}`);
      if (body === 'broken') return detail(400, `Failed to decompress ${encoding} payload`);
      if (body === 'too-large') return detail(413, `The payload unpacks to more than ${OTLP_LIMIT_BYTES} bytes`);
      const message = await readMessage(body, type);
      if (!message) return detail(400, 'Invalid OpenTelemetry format');
      if ((message['resourceSpans'] as readonly Read[]).length === 0) {
        return detail(400, 'Invalid OpenTelemetry format - no spans found');
      }
      const spans = convert(message);
      if (!spans) return detail(422, 'Cannot convert OpenTelemetry span to MLflow span');
      if (!/^\d{1,64}$/.test(experimentId)) {
        throw invalid(`Invalid experiment ID '${experimentId.slice(0, 100)}'. Experiment ID must be a valid integer.`, {
          field: EXPERIMENT_HEADER,
        });
      }
      const runId = headerOf(request, RUN_HEADER) || undefined;
      await traces.logSpans({ experimentId, spans, runId, cause: request.cause });
      return accepted;
    }),
  ];
}

/** Undefined for bytes that are no such message. */
async function readMessage(body: Buffer, type: string): Promise<Read | undefined> {
  try {
    if (type === 'application/json') return readJson(exportTraceServiceRequest, body.toString('utf8'));
    const { readProtobuf } = await import('./read-protobuf.ts');
    return readProtobuf(exportTraceServiceRequest, body);
  } catch {
    return undefined;
  }
}

function convert(message: Read): SentSpan[] | undefined {
  try {
    return spansIn(message);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function missingHeader(): RawReply {
  return detail(422, [{ type: 'missing', loc: ['header', EXPERIMENT_HEADER], msg: 'Field required', input: null }]);
}

function headerOf({ headers }: RawRequest, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
