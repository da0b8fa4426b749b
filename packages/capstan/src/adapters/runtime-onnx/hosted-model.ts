import { sha256 } from '#kernel/digest';
import { conflict, DomainError } from '#kernel/errors';
import { cutZipMaps } from './cut-zipmap.ts';
import type { HostCalls, HostReply, HostRequest } from './host-messages.ts';
import { toFailure } from './host-messages.ts';
import { anonymousBytes } from './anonymous-memory.ts';
import { inlineWeights } from './external-weights.ts';
import { assertSelfContained } from './self-contained.ts';
import { readModelFile } from './read-model-file.ts';
import { nameLocale } from './name-locale.ts';
import { rehearse } from './rehearse.ts';
import { openSession, type Session } from './session.ts';

/** Answers the requests of one host, one after the other; it is the inside of a thread, or runs in the caller's. */
export function createHostedModel(): (request: HostRequest) => Promise<HostReply> {
  let session: Session | undefined;
  let openMs = 0;
  let bytesBefore = 0;

  function opened(): Session {
    if (!session) throw new DomainError('UNAVAILABLE', 'The model is not open', { hint: 'Load it again.' });
    return session;
  }

  async function answer(request: HostRequest): Promise<HostCalls[keyof HostCalls]['reply']> {
    if (request.method === 'predict') return opened().run(request.inputs);
    if (request.method === 'open') {
      if (request.isMeasured === true) bytesBefore = await bytesOfProcess();
      const own = await readModelFile(request.file, request.maxModelBytes);
      const bytes = request.weights ? await inlineWeights(own, request.weights, request.maxModelBytes) : own;
      const digest = sha256(bytes);
      if (request.sha256 !== undefined && request.sha256 !== digest) {
        throw conflict('The model file changed while it was loaded', { field: 'modelFile', hint: 'Load it again.' });
      }
      const { operators } = assertSelfContained(bytes);
      const started = performance.now();
      const { bytes: servable, classLabels } = cutZipMaps(bytes);
      session = await openSession(nameLocale(servable), request.intraOpThreads);
      openMs = performance.now() - started;
      const { inputs, outputs } = session;
      return { sha256: digest, inputs, outputs, classLabels, operators: [...operators] };
    }
    if (request.method === 'rehearse') {
      const rehearsal = await rehearse(opened(), request.manyRows);
      const memoryBytes = bytesBefore > 0 ? Math.max((await anonymousBytes()) - bytesBefore, 0) : 0;
      return { openMs, ...rehearsal, memoryBytes };
    }
    await session?.release();
    session = undefined;
    return true;
  }

  return async (request) => {
    let beganAt = performance.now();
    // The library computes in its own immediate, which comes right after this one.
    if (request.method === 'predict') setImmediate(() => (beganAt = performance.now()));
    try {
      const result = await answer(request);
      return { id: request.id, result, computedMs: performance.now() - beganAt };
    } catch (error) {
      return { id: request.id, failure: toFailure(error) };
    }
  };
}

/** A model that answers a number with itself. */
const SMALLEST = Buffer.from(
  'CAk6OwoQCgF4EgF5IghJZGVudGl0eRIFZ3JhcGhaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgIQEg==',
  'base64',
);

/** What this process takes with the library at work, so that what comes on top is a model's own. */
async function bytesOfProcess(): Promise<number> {
  const smallest = await openSession(SMALLEST, 1);
  await rehearse(smallest, 1);
  await smallest.release();
  return await anonymousBytes();
}
