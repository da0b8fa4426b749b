import { servingRoutes } from '@capstan/api';
import { bindRaw, type BoundRoute, type RawReply, type RawRequest } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { deadlineOf, type Description, type ServingPlane } from '#operations/serving';
import { answersJson } from './answers-json.ts';
import { parseRows } from './parse-rows.ts';
import { rowsToTensors } from './rows-to-tensors.ts';

/** The data plane's own API; errors are RFC 9457 problems, as the control plane's are. */
export function predictRoutes(plane: ServingPlane): BoundRoute[] {
  const table = servingRoutes.predict;
  return [bindRaw(table.predict, (request) => predict(plane, request))];
}

async function predict(plane: ServingPlane, request: RawRequest): Promise<RawReply> {
  const { params, headers, bytes } = request;
  const deployment = params['deployment'] ?? '';
  const description = plane.describe(deployment);
  refuseNameless(description);
  refuseOtherTypes(headers['content-type']);
  const deadline = deadlineOf(headers);
  plane.admit(deployment, bytes.length, deadline);
  const columns = description.inputs.map(({ name }) => name);
  const inputs = rowsToTensors(parseRows(bytes, columns), description);
  const answer = await plane.infer(deployment, { inputs, deadline, caller: request });
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: answersJson(answer, deployment, description.classLabels),
  };
}

function refuseNameless({ name, inputs, contextColumns }: Description): void {
  if (inputs.length > contextColumns.length) return;
  throw invalid(`The model of ${name} does not say what it takes: it was logged without a signature`, {
    field: 'deployment',
    hint: `Ask by /models/${encodeURIComponent(name)}/invocations, or log it with a signature.`,
  });
}

function refuseOtherTypes(header: string | string[] | undefined): void {
  const type = String(header ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (type === 'application/json') return;
  throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Content-Type '${type ?? ''}' is not taken here`, {
    field: 'Content-Type',
    hint: 'Send application/json.',
  });
}
