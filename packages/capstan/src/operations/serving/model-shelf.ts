import type { ServedFlavor, ServingRoute } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type {
  LoadedModel,
  ModelRuntime,
  PredictOptions,
  ScoringAnswer,
  ScoringOptions,
  ScoringRequest,
  Tensor,
  TensorSpec,
} from '#ports/model-runtime';
import type { ModelFiles } from './model-files.ts';

export interface ShelvedModel {
  readonly digest: string;
  readonly flavor: ServedFlavor;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  predict(inputs: readonly Tensor[], options?: PredictOptions): Promise<readonly Tensor[]>;
  /** Of models that read MLflow's scoring protocol by themselves. */
  readonly score?: (requests: readonly ScoringRequest[], options?: ScoringOptions) => Promise<readonly ScoringAnswer[]>;
  /** Closes the model; the runtime lets what runs on it finish. */
  retire(): Promise<void>;
}

/** What tells one model from another. */
export type ModelKey = Pick<ServingRoute, 'digest' | 'flavor'>;

/** The runtime of each flavor that this data plane serves. */
export type Runtimes = Readonly<Partial<Record<ServedFlavor, ModelRuntime>>>;

/** The models of one data plane, by the digest of their files. */
export interface ModelShelf {
  /** @throws DomainError INVALID_ARGUMENT when it is no servable model; UNAVAILABLE when the file cannot be had now */
  take(key: ModelKey): Promise<ShelvedModel>;
  /** Closes models that are not among these, and forgets their failures; their files go too. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

const PREDICT_TIMEOUT_MS = 15_000;

export function createModelShelf(deps: { files: ModelFiles; runtimes: Runtimes }): ModelShelf {
  const { files, runtimes } = deps;
  const shelf = new Map<string, Promise<ShelvedModel>>();

  async function load({ digest, flavor }: ModelKey): Promise<ShelvedModel> {
    const runtime = runtimes[flavor];
    if (!runtime) {
      throw new DomainError('INVALID_ARGUMENT', `Models of the flavor ${flavor} are not served here`, {
        hint: 'Start the data plane with a Python interpreter.',
      });
    }
    const path = flavor === 'onnx' ? await files.file(digest) : await files.folder(digest);
    return shelved({ digest, flavor }, await runtime.load(path));
  }

  async function drop(digest: string, loading: Promise<ShelvedModel>): Promise<void> {
    shelf.delete(digest);
    const kept = await loading.catch(() => undefined);
    await kept?.retire();
    if (!shelf.has(digest)) await files.remove(digest);
  }

  return {
    take(key) {
      const known = shelf.get(key.digest);
      if (known) return known;
      const loading = load(key);
      shelf.set(key.digest, loading);
      // What could not be had now may be had later; what is no model stays none.
      loading.catch((error: unknown) => {
        if (!(error instanceof DomainError && error.code === 'INVALID_ARGUMENT')) shelf.delete(key.digest);
      });
      return loading;
    },
    async keepOnly(digests) {
      const unneeded = [...shelf].filter(([digest]) => !digests.has(digest));
      await Promise.all(unneeded.map(([digest, loading]) => drop(digest, loading)));
    },
    async close() {
      const all = [...shelf.values()];
      shelf.clear();
      await Promise.all(all.map(async (loading) => (await loading.catch(() => undefined))?.retire()));
    },
  };
}

function shelved(key: ModelKey, model: LoadedModel): ShelvedModel {
  return {
    ...key,
    inputs: model.inputs,
    outputs: model.outputs,
    predict: (inputs, options) => inTime(model.predict(inputs, options)),
    ...(model.score && { score: (requests, options) => inTime(model.score?.(requests, options) ?? []) }),
    retire: () => model.close(),
  };
}

/** A runtime cannot rule out a model that hangs on some inputs: its callers must not hang with it. */
async function inTime<Answer>(work: Promise<Answer> | Answer): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const give = (): void => reject(new Error(`no answer within ${PREDICT_TIMEOUT_MS / 1_000} s`));
    timer = setTimeout(give, PREDICT_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
