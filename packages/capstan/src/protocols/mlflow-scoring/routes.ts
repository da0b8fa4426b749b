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
import { invalid } from '#kernel/errors';
import { admitCall, deadlineOf, predictionNotes, type ServingPlane } from '#operations/serving';
import type { ParquetReader } from '#ports/parquet-reader';
import { scoringForm } from './content-type.ts';
import { enforceSignature } from './enforce-signature.ts';
import { passThrough } from './pass-through.ts';
import { parseScoringBody, type ScoringInput } from './parse-body.ts';
import { parseCsv } from './parse-csv.ts';
import { predictionsJson } from './predictions-json.ts';
import { toTensors } from './to-tensors.ts';

/** MLflow's scoring protocol, as JSON, CSV or Parquet. The answer is the dictionary of outputs that its ONNX flavor gives. */
export function mlflowScoringRoutes(plane: ServingPlane, version: string, parquet: ParquetReader): BoundRoute[] {
  const table = servingRoutes.scoring;
  const alive = async (): Promise<RawReply> => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '\n',
  });
  const admit = (deployment: string, head: Parameters<Admit>[0]): void => {
    const { flavor } = plane.describe(deployment);
    head.note(predictionNotes(deployment, null));
    if (flavor === 'python_function') return;
    scoringForm(head.headers['content-type']);
    admitCall(plane, deployment, head);
  };
  return [
    bindRaw(table.ping, alive),
    bindRaw(table.health, alive),
    bindRaw(table.version, async () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: version })),
    bindDirect(
      table.invocations,
      (request) => score(plane, parquet, onlyDeployment(plane), request),
      (head) => admit(onlyDeployment(plane), head),
    ),
    bindDirect(
      table.invocationsOf,
      (request) => score(plane, parquet, request.params['deployment'] ?? '', request),
      (head) => admit(head.params['deployment'] ?? '', head),
    ),
  ];
}

async function score(
  plane: ServingPlane,
  parquet: ParquetReader,
  deployment: string,
  request: RawRequest,
): Promise<HeldReply> {
  const description = plane.describe(deployment);
  if (description.flavor === 'python_function') return await passThrough(plane, deployment, request);
  const deadline = deadlineOf(request);
  const input = await readBody(request, parquet, deadline);
  const inputs = toTensors(enforceSignature(input, description), description);
  const answer = await plane.infer(deployment, { inputs, deadline, caller: request });
  request.note(predictionNotes(deployment, answer));
  const { only } = answer.predictionIds;
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(only !== undefined && /^[\x21-\x7e]+$/.test(only) && { 'x-capstan-prediction-id': only }),
    },
    body: predictionsJson(answer.outputs, description.classLabels),
  };
}

async function readBody(
  { headers, bytes, signal }: RawRequest,
  parquet: ParquetReader,
  deadline: number | undefined,
): Promise<ScoringInput> {
  switch (scoringForm(headers['content-type'])) {
    case 'json':
      return parseScoringBody(bytes);
    case 'csv':
      return await parseCsv(bytes);
    case 'parquet':
      return { kind: 'table', ...(await parquet.read(bytes, { deadline, signal })) };
  }
}

function onlyDeployment(plane: ServingPlane): string {
  const names = plane.deployments();
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw invalid(
    only === undefined ? 'Nothing is served here yet' : `Several deployments are served here: ${names.join(', ')}`,
    {
      field: 'deployment',
      hint: 'Post to /models/NAME/invocations.',
    },
  );
}
