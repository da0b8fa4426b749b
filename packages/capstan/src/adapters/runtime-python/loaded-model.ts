import { DomainError, invalid, messageOf } from '#kernel/errors';
import { fitInputs } from '#ports/fit-inputs';
import type { LoadedModel, ModelStatus, ScoredColumn, ScoringAnswer, Tensor, TensorSpec } from '#ports/model-runtime';
import { tensorFromBytes, tensorToBytes } from '#ports/tensor-bytes';
import type { Frame } from './frames.ts';
import { answerHeader, type AnswerHeader } from './hello.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How long `close` waits for answers that are under way. */
const CLOSE_WAIT_MS = 30_000;

/**
 * @param instances how many workers there are
 * @param onClose called once no process of it is left
 */
export function loadedModel(
  pool: WorkerPool,
  instances: number,
  environment: ModelStatus['environment'],
  onClose: () => Promise<void>,
): LoadedModel {
  const { inputs: specs, isBatchable } = pool.hello;
  let outputs: readonly TensorSpec[] | undefined = pool.hello.outputs ?? undefined;
  let closing: Promise<void> | undefined;

  function assertOpen(): void {
    if (closing) throw new DomainError('UNAVAILABLE', 'The model is closed', { hint: 'Load it again.' });
  }

  return {
    inputs: specs,
    get outputs() {
      return outputs ?? [];
    },
    isBatchable,
    instances,
    async predict(inputs, options = {}) {
      assertOpen();
      // One that may be left out is held to its spec where it is given.
      const asked = specs.filter((spec) => spec.isOptional !== true || inputs.some(({ name }) => name === spec.name));
      const fitted = fitInputs(asked, inputs);
      const header = {
        kind: 'predict',
        tensors: fitted.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      };
      const frame = await pool.ask({ header, buffers: fitted.map(({ data }) => tensorToBytes(data)) }, options);
      const tensors = tensorsIn(frame);
      outputs ??= tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape: [-1, ...shape.slice(1)] }));
      return tensors;
    },
    async score(requests, options = {}) {
      assertOpen();
      const header = {
        kind: 'score',
        types: requests.map(({ contentType }) => contentType),
        isRecorded: options.isRecorded === true,
      };
      const frame = await pool.ask({ header, buffers: requests.map(({ body }) => body) }, options);
      return scoresIn(frame, requests.length);
    },
    memoryBytes: () => pool.status().workers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    status: () => ({ ...pool.status(), environment }),
    close: () =>
      (closing ??= (async () => {
        await pool.close(CLOSE_WAIT_MS);
        await onClose();
      })()),
  };
}

function headerOf<Kind extends AnswerHeader['kind']>(frame: Frame, kind: Kind): AnswerHeader & { kind: Kind } {
  const read = answerHeader.safeParse(frame.header);
  if (!read.success) throw broken('it is no answer of a worker');
  const header = read.data;
  if (header.kind === 'error') {
    if (header.blame === 'input') throw invalid(header.message, { field: header.input ?? 'inputs' });
    const [message, hint] =
      header.blame === 'rows'
        ? [`The model cannot be asked so: ${header.message}`, 'A model must answer as many rows as it is given.']
        : [`The model failed: ${header.message}`, 'Its log has the traceback; the values may be none that it takes.'];
    throw invalid(message, { field: 'inputs', hint });
  }
  if (header.kind !== kind) throw broken(`it is an answer of kind ${header.kind}`);
  return header as AnswerHeader & { kind: Kind };
}

function tensorsIn(frame: Frame): Tensor[] {
  const { tensors } = headerOf(frame, 'tensors');
  return tensors.map(({ name, datatype, shape }, index) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const bytes = frame.buffers[index];
    if (!bytes) throw broken(`the output '${name}' has no bytes`);
    try {
      return { name, datatype, shape, data: tensorFromBytes(bytes, datatype, count, name) };
    } catch (error) {
      throw broken(messageOf(error));
    }
  });
}

function scoresIn(frame: Frame, count: number): ScoringAnswer[] {
  const { answers } = headerOf(frame, 'answers');
  if (answers.length !== count || frame.buffers.length !== 2 * count) throw broken('it answers other requests');
  return answers.map((answer, index) => {
    const body = frame.buffers[2 * index] ?? new Uint8Array();
    const recorded = frame.buffers[2 * index + 1] ?? new Uint8Array();
    if (recorded.length === 0) return { ...answer, body };
    const text = Buffer.from(recorded.buffer, recorded.byteOffset, recorded.length).toString('utf8');
    return { ...answer, body, ...(JSON.parse(text) as Record<'inputs' | 'outputs', readonly ScoredColumn[]>) };
  });
}

function broken(reason: string): DomainError {
  return new DomainError('UNAVAILABLE', `The answer of the model's process cannot be read: ${reason}`);
}
