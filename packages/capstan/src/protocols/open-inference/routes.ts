import { servingRoutes } from '@capstan/api';
import { bindRaw, type BoundRoute, type RawReply, type RawRequest } from '#http';
import { DomainError, notFound } from '#kernel/errors';
import type { Description, ServingPlane } from '#operations/serving';
import { decodedBytes } from './body-bytes.ts';
import { parseInferRequest } from './parse-request.ts';
import { renderAnswer } from './render-answer.ts';

const PLATFORMS = { onnx: 'onnx_onnxv1', python_function: 'mlflow_pyfunc' } as const;

/** The Open Inference Protocol v2 over HTTP and JSON: models are deployments, their versions revisions. */
export function openInferenceRoutes(plane: ServingPlane, version: string): BoundRoute[] {
  const table = servingRoutes.openInference;
  const metadata = async (request: RawRequest): Promise<RawReply> =>
    json(metadataOf(plane.describe(modelOf(request), revisionOf(request))));
  const ready = async (request: RawRequest): Promise<RawReply> => {
    const { name } = plane.describe(modelOf(request), revisionOf(request));
    return json({ name, ready: true });
  };
  return [
    bindRaw(table.live, async () => json({ live: true })),
    bindRaw(table.ready, async () => {
      if (!plane.isReady()) throw new DomainError('UNAVAILABLE', 'Not every deployment can answer yet');
      return json({ ready: true });
    }),
    bindRaw(table.server, async () => json({ name: 'capstan', version, extensions: [] })),
    bindRaw(table.model, metadata),
    bindRaw(table.modelVersion, metadata),
    bindRaw(table.modelReady, ready),
    bindRaw(table.versionReady, ready),
    bindRaw(table.infer, (request) => answer(plane, request)),
    bindRaw(table.inferVersion, (request) => answer(plane, request)),
  ];
}

async function answer(plane: ServingPlane, request: RawRequest): Promise<RawReply> {
  const model = modelOf(request);
  const revision = revisionOf(request);
  // An unknown model is said before its body is read into tensors.
  plane.describe(model, revision);
  const encoding = request.headers['content-encoding'];
  const bytes = await decodedBytes(request.bytes, Array.isArray(encoding) ? encoding.join() : encoding);
  const asked = parseInferRequest(bytes);
  const { inputs, id, outputs } = asked;
  const answered = await plane.infer(model, { inputs, ...(revision !== undefined && { revision }) });
  const only = answered.rows === 1 ? answered.predictionIds[0] : undefined;
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(only !== undefined && isHeaderText(only) && { 'x-capstan-prediction-id': only }),
    },
    body: renderAnswer({ model, id, outputs }, answered),
  };
}

function metadataOf({ name, revisions, inputs, outputs, flavor }: Description) {
  return { name, versions: revisions.map(String), platform: PLATFORMS[flavor], inputs, outputs };
}

function modelOf({ params }: RawRequest): string {
  return params['model'] ?? '';
}

function revisionOf({ params }: RawRequest): number | undefined {
  const written = params['version'];
  if (written === undefined) return undefined;
  const revision = Number(written);
  if (Number.isSafeInteger(revision) && revision > 0) return revision;
  throw notFound('version', `${params['model']}/${written}`, 'Versions are the numbers of revisions.');
}

/** Header values carry printable ASCII only; the body carries every id. */
function isHeaderText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function json(value: unknown): RawReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
