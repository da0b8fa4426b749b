import { servingRoutes } from '@capstan/api';
import { bindRaw, mediaOf, type BoundRoute, type RawReply, type RawRequest } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { admitCall, deadlineOf, type Description, type ServingPlane } from '#operations/serving';
import { answersJson } from './answers-json.ts';
import { docsPage } from './docs-page.ts';
import { deploymentDocument } from './openapi-document.ts';
import { parseRows, type Row } from './parse-rows.ts';
import { rowsToTensors } from './rows-to-tensors.ts';
import { chunksOf, linesIn, NDJSON, streamFormOf, streamReply } from './stream-reply.ts';

/** The data plane's own API; errors are RFC 9457 problems, as the control plane's are. */
export function predictRoutes(plane: ServingPlane): BoundRoute[] {
  const table = servingRoutes.predict;
  return [
    bindRaw(
      table.predict,
      (request) => predict(plane, request),
      (head) => {
        plane.describe(deploymentOf(head));
        admitCall(plane, deploymentOf(head), head);
      },
    ),
    bindRaw(table.openapi, async (request) => {
      const document = deploymentDocument(plane.describe(deploymentOf(request)), addressOf(request));
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
    }),
    bindRaw(table.docs, async (request) => docsPage(plane.describe(deploymentOf(request)), addressOf(request))),
  ];
}

function deploymentOf({ params }: Pick<RawRequest, 'params'>): string {
  return params['deployment'] ?? '';
}

/** Where the caller sees this server; a proxy that ends TLS says so. The host has been checked. */
function addressOf({ headers }: RawRequest): string {
  return `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${String(headers['host'] ?? 'localhost')}`;
}

async function predict(plane: ServingPlane, request: RawRequest): Promise<RawReply> {
  const { headers, bytes } = request;
  const deployment = deploymentOf(request);
  const description = plane.describe(deployment);
  refuseNameless(description);
  const type = mediaOf(headers['content-type']);
  const deadline = deadlineOf(request);
  const columns = description.inputs.map(({ name }) => name);
  const form = streamFormOf(request, type === NDJSON);
  if (form) {
    // Of a stream the time is that of each chunk.
    const chunkMs = deadline === undefined ? undefined : deadline - performance.now();
    const chunks = type === NDJSON ? linesIn(request.stream) : chunksOf(rowsOf(bytes, columns, type));
    return streamReply(plane, deployment, chunks, form, { caller: request, chunkMs });
  }
  const inputs = rowsToTensors(rowsOf(bytes, columns, type), description);
  const answer = await plane.infer(deployment, { inputs, deadline, caller: request });
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: answersJson(answer, description),
  };
}

function refuseNameless({ name, inputs, contextColumns }: Description): void {
  if (inputs.length > contextColumns.length) return;
  throw invalid(`The model of ${name} names none of its inputs`, {
    field: 'deployment',
    hint: `Ask by /models/${encodeURIComponent(name)}/invocations.`,
  });
}

function rowsOf(bytes: Buffer, columns: readonly string[], type: string): readonly Row[] {
  if (type === 'application/json') return parseRows(bytes, columns);
  throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Content-Type '${type}' is not taken here`, {
    field: 'Content-Type',
    hint: `Send application/json, or rows line by line as ${NDJSON}.`,
  });
}
