import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DomainError, messageOf } from '#kernel/errors';
import { TENSOR_DATATYPES, type LoadedModel, type Tensor, type TensorSpec } from '#ports/model-runtime';
import { tensorFromBytes, tensorToBytes } from '#ports/tensor-bytes';

export interface ServedModelOptions {
  /** Of the data plane. */
  readonly url: string;
  readonly deployment: string;
  readonly revision: number;
  /** Of a consumer, where the deployment asks for one. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/** The output of ids; no output of a model has this name. */
const ROW_IDS = 'prediction ids';
const HEADER_LENGTH = 'inference-header-content-length';
/** Requests on their way: one is computed while others are read and written. */
const IN_FLIGHT = 3;
/** How long a request is worth waiting for. */
const REQUEST_MS = 600_000;
/** A plane that has no room, or starts anew, is asked again for so long after its last answer. */
const PATIENCE_MS = 120_000;
const USUAL_WAIT_MS = 500;

const spec = z.object({
  name: z.string(),
  datatype: z.enum(TENSOR_DATATYPES),
  shape: z.array(z.int()),
  isOptional: z.boolean().optional(),
});
const metadata = z.object({ inputs: z.array(spec), outputs: z.array(spec) });
const answered = z.object({
  parameters: z.object({ prediction_ids: z.array(z.string()) }),
  outputs: z.array(spec.extend({ parameters: z.object({ binary_data_size: z.int() }) })),
});

/**
 * A revision that a data plane serves. Its answers have an output more, `rowIds`.
 * @throws DomainError NOT_FOUND, UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE with the plane's own words
 */
export async function openServedModel(options: ServedModelOptions): Promise<LoadedModel> {
  const { url, deployment, revision, token, signal } = options;
  const place = `${url}/v2/models/${encodeURIComponent(deployment)}/versions/${revision}`;
  const caller = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async (path: string, init: Request): Promise<Answer> =>
    await patiently({ url, signal }, () =>
      fetch(place + path, { ...init, headers: { ...caller, ...init.headers }, signal }),
    );
  const { inputs, outputs } = metadata.parse(JSON.parse((await ask('', {})).bytes.toString('utf8')));
  const ids: TensorSpec = { name: ROW_IDS, datatype: 'BYTES', shape: [-1] };
  return {
    inputs,
    outputs: [...outputs, ids],
    rowIds: ROW_IDS,
    instances: IN_FLIGHT,
    async predict(tensors) {
      const { body, headers } = written(tensors);
      const { headers: about, bytes } = await ask('/infer', { method: 'POST', body, headers }).catch(
        (error: unknown) => {
          throw error instanceof DomainError && error.code === 'NOT_FOUND' ? goneMeanwhile(error) : error;
        },
      );
      return readAnswer(bytes, Number(about.get(HEADER_LENGTH)));
    },
    close: async () => {},
  };
}

/** It was there when it was opened. */
function goneMeanwhile(cause: DomainError): DomainError {
  const hint = 'Another revision has taken its place meanwhile. Start again.';
  return new DomainError('CONFLICT', cause.message, { hint, cause });
}

interface Request {
  readonly method?: 'POST';
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

function written(tensors: readonly Tensor[]): Required<Pick<Request, 'body' | 'headers'>> {
  const bytes = tensors.map(({ data }) => tensorToBytes(data));
  const inputs = tensors.map(({ name, datatype, shape }, index) => {
    return { name, datatype, shape, parameters: { binary_data_size: bytes[index]?.byteLength ?? 0 } };
  });
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  const headers = { [HEADER_LENGTH]: String(json.length), 'x-request-timeout-ms': String(REQUEST_MS) };
  return { body: Buffer.concat([json, ...bytes]), headers };
}

function readAnswer(bytes: Buffer, jsonLength: number): Tensor[] {
  const { parameters, outputs } = answered.parse(JSON.parse(bytes.toString('utf8', 0, jsonLength)));
  let at = jsonLength;
  const tensors = outputs.map(({ name, datatype, shape, parameters: { binary_data_size: size } }): Tensor => {
    const count = shape.reduce((product, length) => product * length, 1);
    const data = tensorFromBytes(bytes.subarray(at, at + size), datatype, count, name);
    at += size;
    return { name, datatype, shape, data };
  });
  const ids = parameters.prediction_ids;
  return [...tensors, { name: ROW_IDS, datatype: 'BYTES', shape: [ids.length], data: ids }];
}

type Plane = Pick<ServedModelOptions, 'url' | 'signal'>;

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  return (await fetch(`${url}/v2/health/ready`, { signal }).catch(() => undefined))?.ok ?? false;
}

interface Answer {
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** Asks until there is an answer, while what is in the way may pass. */
async function patiently(plane: Plane, ask: () => Promise<Response>): Promise<Answer> {
  const until = performance.now() + PATIENCE_MS;
  for (let isMissed = false; ;) {
    const { answer, refusal } = await answerOf(plane, ask);
    if (answer) return answer;
    const { error, waitMs } = refusal;
    // One that has just started knew of nothing, and may be ready by now.
    const isOnceMore: boolean = error.code === 'NOT_FOUND' && !isMissed;
    isMissed ||= isOnceMore;
    if (!isOnceMore && (waitMs === undefined || performance.now() + waitMs > until)) throw error;
    if (waitMs !== undefined) await sleep(waitMs, undefined, { signal: plane.signal });
  }
}

interface Refusal {
  readonly error: DomainError;
  /** Undefined for what does not pass. */
  readonly waitMs?: number;
}
type Outcome =
  | { readonly answer: Answer; readonly refusal?: undefined }
  | { readonly answer?: undefined; readonly refusal: Refusal };

async function answerOf({ url, signal }: Plane, ask: () => Promise<Response>): Promise<Outcome> {
  let response: Response;
  let bytes: Buffer;
  try {
    response = await ask();
    bytes = Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    signal.throwIfAborted();
    const reason = messageOf(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause);
    const error = new DomainError('UNAVAILABLE', `The data plane cannot be reached: ${reason}`, { cause });
    return { refusal: { error, waitMs: USUAL_WAIT_MS } };
  }
  const { status, headers } = response;
  if (response.ok) return { answer: { headers, bytes } };
  const error = errorOf(status, bytes.toString('utf8'));
  const isPassing = status === 429 || status === 503 || (status === 404 && !(await isReady(url, signal)));
  const seconds = Number(headers.get('retry-after'));
  return { refusal: { error, ...(isPassing && { waitMs: seconds > 0 ? seconds * 1_000 : USUAL_WAIT_MS }) } };
}

const CODES = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  // Fewer rows at a time may fit.
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
} as const;

function errorOf(status: number, text: string): DomainError {
  const code = (CODES as Readonly<Record<number, (typeof CODES)[keyof typeof CODES]>>)[status] ?? 'CONFLICT';
  return new DomainError(code, wordsIn(text) ?? `The data plane answered ${status}`);
}

function wordsIn(text: string): string | undefined {
  try {
    return z.object({ error: z.string() }).parse(JSON.parse(text)).error;
  } catch {
    return undefined;
  }
}
