import type { ServedFlavor, ServingRoute } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { LoadedModel, ModelRuntime, ScoringAnswer, ScoringRequest, TensorSpec } from '#ports/model-runtime';
import { createBatchedModel, type BatchedModel } from './batching/batched-model.ts';
import type { Wait } from './batching/batcher.ts';
import { batchedScore } from './batching/score-batches.ts';
import type { ModelFiles } from './model-files.ts';

export interface ShelvedModel extends Pick<BatchedModel, 'predict' | 'admit'> {
  readonly digest: string;
  readonly flavor: ServedFlavor;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Of models that read MLflow's scoring protocol by themselves. */
  readonly score?: (request: ScoringRequest, wait?: Wait) => Promise<ScoringAnswer>;
  /** Closes the model once what waits for it or runs on it has been answered. */
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
  const { predict, admit, close } = createBatchedModel(model);
  const scores = batchedScore(model);
  return {
    ...key,
    inputs: model.inputs,
    outputs: model.outputs,
    predict,
    admit,
    ...(scores && { score: scores.submit }),
    async retire() {
      await scores?.close();
      await close();
    },
  };
}
