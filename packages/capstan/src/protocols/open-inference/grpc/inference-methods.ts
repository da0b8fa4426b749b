import { DomainError, notFound } from '#kernel/errors';
import type { ServingPlane } from '#operations/serving';
import { decodeInfer } from './decode-infer.ts';
import { encodeAnswer } from './encode-infer.ts';
import { behindPrefix } from './framing.ts';
import type { Messages } from './messages.ts';
import { openInferenceProto as proto } from './protos.ts';
import type { CallContext, GrpcMethod } from './server-call.ts';

type Fields = Readonly<Record<string, unknown>>;
type MethodName = keyof typeof proto.methods;

const PLATFORM = 'onnx_onnxv1';

/** The service of the protocol by the names of its methods: models are deployments, their versions revisions. */
export function inferenceMethods(
  plane: ServingPlane,
  version: string,
  messages: () => Promise<Messages>,
): Readonly<Record<MethodName, GrpcMethod>> {
  const asking = (name: MethodName, answer: (request: Fields) => Fields): GrpcMethod => ({
    kind: 'unary',
    permission: 'public',
    async handle(message) {
      const [input = '', output = ''] = proto.methods[name] ?? [];
      const { read, write } = await messages();
      return behindPrefix(write(output, answer(read(input, message))));
    },
  });
  return {
    ServerLive: asking('ServerLive', () => ({ live: true })),
    ServerReady: asking('ServerReady', () => ({ ready: plane.isReady() })),
    ModelReady: asking('ModelReady', (request) => ({ ready: isReady(plane, request) })),
    ServerMetadata: asking('ServerMetadata', () => ({ name: 'capstan', version, extensions: [] })),
    ModelMetadata: asking('ModelMetadata', (request) => metadataOf(plane, request)),
    RepositoryIndex: asking('RepositoryIndex', (request) => ({ models: indexOf(plane, request['ready'] === true) })),
    ModelInfer: { kind: 'unary', permission: 'execute', handle: (message, context) => infer(plane, message, context) },
  };
}

async function infer(plane: ServingPlane, message: Buffer, { deadline, signal }: CallContext): Promise<Buffer> {
  const asked = decodeInfer(message);
  const { model, version, inputs } = asked;
  const revision = revisionIn(model, version);
  const answer = await plane.infer(model, {
    inputs,
    signal,
    ...(revision !== undefined && { revision }),
    ...(deadline !== undefined && { deadline }),
  });
  return encodeAnswer(asked, answer);
}

/** A model that is there and cannot answer now is not ready; one that is not there is NOT_FOUND, as over HTTP. */
function isReady(plane: ServingPlane, request: Fields): boolean {
  try {
    describe(plane, request);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'UNAVAILABLE') return false;
    throw error;
  }
}

function metadataOf(plane: ServingPlane, request: Fields): Fields {
  const { name, revisions, inputs, outputs } = describe(plane, request);
  const specs = (all: typeof inputs) => all.map((spec) => ({ ...spec, shape: spec.shape.map(BigInt) }));
  return { name, versions: revisions.map(String), platform: PLATFORM, inputs: specs(inputs), outputs: specs(outputs) };
}

function describe(plane: ServingPlane, request: Fields) {
  const name = String(request['name']);
  return plane.describe(name, revisionIn(name, String(request['version'])));
}

function indexOf(plane: ServingPlane, readyOnly: boolean): Fields[] {
  return plane
    .status()
    .deployments.flatMap(({ name, routes, failures, isReady: canAnswer }) => [
      ...routes.map(({ revision }) => ({
        name,
        version: String(revision),
        state: canAnswer ? 'READY' : 'UNAVAILABLE',
        reason: '',
      })),
      ...failures.map(({ revision, reason }) => ({ name, version: String(revision), state: 'UNAVAILABLE', reason })),
    ])
    .filter(({ state }) => !readyOnly || state === 'READY');
}

function revisionIn(model: string, written: string): number | undefined {
  if (written === '') return undefined;
  const revision = Number(written);
  if (/^\d+$/.test(written) && Number.isSafeInteger(revision) && revision > 0) return revision;
  throw notFound('version', `${model}/${written}`, 'Versions are the numbers of revisions.');
}
