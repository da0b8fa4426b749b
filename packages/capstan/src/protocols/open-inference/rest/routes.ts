import { servingRoutes } from '@capstan/api';
import {
  bindDirect,
  bindRaw,
  type Admit,
  type BoundRoute,
  type HeldReply,
  type RawReply,
  type RawRequest,
} from '#http';
import { DomainError, invalid, notFound } from '#kernel/errors';
import { admitCall, deadlineOf, predictionNotes, type ServingPlane } from '#operations/serving';
import { checkAsked } from '../asked-outputs.ts';
import { modelMetadata, serverMetadata } from '../metadata.ts';
import { modelStatistics } from '../model-statistics.ts';
import { load, repositoryIndex, unload } from '../repository.ts';
import { revisionNumber } from '../revision-number.ts';
import { decodedBytes, encodedBytes } from './body-bytes.ts';
import { parseInferRequest } from './parse-request.ts';
import { isRecord } from './read-envelope.ts';
import { HEADER_LENGTH, splitBody } from './split-body.ts';
import { writeAnswer } from './write-answer.ts';

/** The Open Inference Protocol v2 over HTTP: models are deployments, their versions revisions. */
export function openInferenceRoutes(plane: ServingPlane, version: string): BoundRoute[] {
  const table = servingRoutes.openInference;
  const metadata = async (request: RawRequest): Promise<RawReply> =>
    json(modelMetadata(plane.describe(modelOf(request), revisionOf(request))));
  const ready = async (request: RawRequest): Promise<RawReply> => {
    const { name } = plane.describe(modelOf(request), revisionOf(request));
    return json({ name, ready: true });
  };
  const statistics = async (request: RawRequest): Promise<RawReply> =>
    json(modelStatistics(plane, request.params['model'], revisionOf(request)));
  const config = async (request: RawRequest): Promise<RawReply> => {
    plane.describe(modelOf(request), revisionOf(request));
    throw notFound('configuration', modelOf(request), 'What a model takes and gives is at /v2/models/NAME.');
  };
  const admit: Admit = (head) => {
    const model = modelOf(head);
    plane.describe(model, revisionOf(head));
    head.note(predictionNotes(model, null));
    admitCall(plane, model, head);
  };
  return [
    bindRaw(table.live, async () => json({ live: true })),
    bindRaw(table.ready, async () => {
      if (!plane.isReady()) throw new DomainError('UNAVAILABLE', 'Not every deployment can answer yet');
      return json({ ready: true });
    }),
    bindRaw(table.server, async () => json(serverMetadata(version, ['binary_tensor_data']))),
    bindRaw(table.model, metadata),
    bindRaw(table.modelVersion, metadata),
    bindRaw(table.modelReady, ready),
    bindRaw(table.versionReady, ready),
    bindRaw(table.modelConfig, config),
    bindRaw(table.versionConfig, config),
    bindRaw(table.allStatistics, statistics),
    bindRaw(table.modelStatistics, statistics),
    bindRaw(table.versionStatistics, statistics),
    bindDirect(table.infer, (request) => answer(plane, request), admit),
    bindDirect(table.inferVersion, (request) => answer(plane, request), admit),
    bindRaw(table.repositoryIndex, async (request) => json(repositoryIndex(plane, await asksForReady(request)))),
    bindRaw(table.load, async (request) => {
      await load(plane, modelOf(request));
      return json({});
    }),
    bindRaw(table.unload, async (request) => {
      await unload(plane, modelOf(request));
      return json({});
    }),
  ];
}

async function answer(plane: ServingPlane, request: RawRequest): Promise<HeldReply> {
  const { headers } = request;
  const model = modelOf(request);
  const revision = revisionOf(request);
  const description = plane.describe(model, revision);
  const deadline = deadlineOf(request);
  const encoding = headers['content-encoding'];
  const bytes = encoding === undefined ? request.bytes : await decodedBytes(request.bytes, encoding);
  const asked = parseInferRequest(splitBody(bytes, headers[HEADER_LENGTH]), description);
  if (asked.outputs) checkAsked(asked.outputs, description);
  const answered = await plane.infer(model, {
    inputs: asked.inputs,
    deadline: earlier(deadline, asked.timeoutMs),
    caller: request,
    ...(revision !== undefined && { revision }),
  });
  request.note(predictionNotes(model, answered));
  const { body, headerLength } = writeAnswer(model, asked, answered);
  const { only } = answered.predictionIds;
  const sent =
    headers['accept-encoding'] === undefined ? undefined : await encodedBytes(body, headers['accept-encoding']);
  return {
    status: 200,
    headers: {
      'content-type': headerLength === undefined ? 'application/json' : 'application/octet-stream',
      ...(headerLength !== undefined && { [HEADER_LENGTH]: String(headerLength) }),
      ...(only !== undefined && isHeaderText(only) && { 'x-capstan-prediction-id': only }),
      ...sent?.headers,
    },
    body: sent?.body ?? body,
  };
}

/** The deadline of the headers, or that of Triton's parameter `timeout`, whichever is sooner. */
function earlier(deadline: number | undefined, timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return deadline;
  return Math.min(deadline ?? Number.POSITIVE_INFINITY, performance.now() + timeoutMs);
}

/** `{"ready": true}` asks for what can answer only. */
async function asksForReady({ bytes, headers }: RawRequest): Promise<boolean> {
  const text = (await decodedBytes(bytes, headers['content-encoding'])).toString('utf8');
  if (text.trim() === '') return false;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw invalid('The body is not JSON', { field: 'body', cause });
  }
  if (!isRecord(body)) throw invalid('The body is not a JSON object', { field: 'body' });
  const { ready } = body;
  if (ready !== undefined && typeof ready !== 'boolean') {
    throw invalid('ready is neither true nor false', { field: 'ready' });
  }
  return ready ?? false;
}

function modelOf({ params }: Pick<RawRequest, 'params'>): string {
  return params['model'] ?? '';
}

function revisionOf(request: Pick<RawRequest, 'params'>): number | undefined {
  return revisionNumber(modelOf(request), request.params['version']);
}

/** Header values carry printable ASCII only; the body carries every id. */
function isHeaderText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function json(value: unknown): RawReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
