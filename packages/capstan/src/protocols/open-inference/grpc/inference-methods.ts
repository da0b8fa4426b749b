import { DomainError } from '#kernel/errors';
import { predictionNotes, type ServingPlane } from '#operations/serving';
import { checkAsked } from '../asked-outputs.ts';
import { modelMetadata, serverMetadata } from '../metadata.ts';
import { modelStatistics } from '../model-statistics.ts';
import { load, repositoryIndex, unload } from '../repository.ts';
import { revisionNumber } from '../revision-number.ts';
import { decodeInfer } from './decode-infer.ts';
import { encodeAnswer } from './encode-infer.ts';
import { behindPrefix } from './framing.ts';
import type { Messages } from './messages.ts';
import { openInferenceProto as proto } from './protos.ts';
import type { CallContext, GrpcMethod } from './server-call.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The service of the protocol by the names of its methods: models are deployments, their versions revisions. */
export function inferenceMethods(
  plane: ServingPlane,
  version: string,
  messages: () => Promise<Messages>,
): Readonly<Record<string, GrpcMethod>> {
  const asking = (
    name: string,
    answer: (request: Fields) => object | Promise<object>,
    permission: GrpcMethod['permission'] = 'public',
  ): GrpcMethod => ({
    kind: 'unary',
    permission,
    async handle(message) {
      const [input = '', output = ''] = proto.methods[name] ?? [];
      const { read, write } = await messages();
      return behindPrefix(write(output, await answer(read(input, message))));
    },
  });
  return {
    ServerLive: asking('ServerLive', () => ({ live: true })),
    ServerReady: asking('ServerReady', () => ({ ready: plane.isReady() })),
    ModelReady: asking('ModelReady', (request) => ({ ready: isReady(plane, request) })),
    ServerMetadata: asking('ServerMetadata', () => serverMetadata(version, [])),
    ModelMetadata: asking('ModelMetadata', (request) => modelMetadata(describe(plane, request))),
    ModelInfer: { kind: 'unary', permission: 'execute', handle: (message, context) => infer(plane, message, context) },
    RepositoryIndex: asking(
      'RepositoryIndex',
      (request) => ({ models: repositoryIndex(plane, request['ready'] === true) }),
      'read',
    ),
    RepositoryModelLoad: asking(
      'RepositoryModelLoad',
      async (request) => {
        await load(plane, String(request['model_name']));
        return {};
      },
      'execute',
    ),
    RepositoryModelUnload: asking(
      'RepositoryModelUnload',
      async (request) => {
        await unload(plane, String(request['model_name']));
        return {};
      },
      'execute',
    ),
    ModelStatistics: asking('ModelStatistics', (request) => {
      const name = String(request['name']);
      return modelStatistics(plane, name === '' ? undefined : name, revisionNumber(name, String(request['version'])));
    }),
  };
}

async function infer(plane: ServingPlane, message: Buffer, context: CallContext): Promise<Buffer> {
  const { deadline } = context;
  const asked = decodeInfer(message);
  const { model, inputs, outputs } = asked;
  const revision = revisionNumber(model, asked.version);
  // An unknown name is the caller's own, and stands in no log.
  if (plane.serves(model)) context.note(predictionNotes(model, null));
  if (outputs) checkAsked(outputs, plane.describe(model, revision));
  const answer = await plane.infer(model, {
    inputs,
    signal: context.signal,
    caller: context,
    ...(revision !== undefined && { revision }),
    ...(deadline !== undefined && { deadline }),
  });
  context.note(predictionNotes(model, answer));
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

function describe(plane: ServingPlane, request: Fields) {
  const name = String(request['name']);
  return plane.describe(name, revisionNumber(name, String(request['version'])));
}
