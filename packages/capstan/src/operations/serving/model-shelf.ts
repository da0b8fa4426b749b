import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '#kernel/errors';
import type { LoadedModel, ModelRuntime, TensorSpec } from '#ports/model-runtime';
import type { ControlPlane } from './control-plane.ts';
import { createBatchedModel, type BatchedModel } from './batching/batched-model.ts';
import { probabilityPlace, type ProbabilityPlace } from './model-facts.ts';

export interface ShelvedModel extends Pick<BatchedModel, 'predict' | 'admit'> {
  readonly digest: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly place: ProbabilityPlace;
  /** Closes the model once what waits for it or runs on it has been answered. */
  retire(): Promise<void>;
}

/** The models of one data plane, by the digest of their files; files are kept on disk, so a restart needs no download. */
export interface ModelShelf {
  /** @throws DomainError INVALID_ARGUMENT when it is no servable model; UNAVAILABLE when the file cannot be had now */
  take(digest: string): Promise<ShelvedModel>;
  /** Closes models that are not among these, and forgets their failures; their files go too. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

export function createModelShelf(deps: {
  folder: string;
  runtime: ModelRuntime;
  controlPlane: ControlPlane;
  signal: AbortSignal;
}): ModelShelf {
  const shelf = new Map<string, Promise<ShelvedModel>>();
  const pathOf = (digest: string): string => join(deps.folder, `${digest.replace(':', '-')}.onnx`);

  async function load(digest: string): Promise<ShelvedModel> {
    await mkdir(deps.folder, { recursive: true, mode: 0o700 });
    const path = pathOf(digest);
    if ((await digestOf(path)) !== digest) await fetchFile(digest, path);
    const model = await deps.runtime.load(path);
    try {
      return shelved(digest, model, probabilityPlace(model.outputs));
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  async function fetchFile(digest: string, path: string): Promise<void> {
    const temporary = `${path}.part`;
    try {
      await deps.controlPlane.download(digest, temporary, deps.signal);
      const found = await digestOf(temporary);
      if (found !== digest) throw new DomainError('UNAVAILABLE', `The model file came as ${found}, not as ${digest}`);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function drop(digest: string, loading: Promise<ShelvedModel>): Promise<void> {
    shelf.delete(digest);
    const kept = await loading.catch(() => undefined);
    await kept?.retire();
    if (!shelf.has(digest)) await rm(pathOf(digest), { force: true });
  }

  return {
    take(digest) {
      const known = shelf.get(digest);
      if (known) return known;
      const loading = load(digest);
      shelf.set(digest, loading);
      // What could not be had now may be had later; what is no model stays none.
      loading.catch((error: unknown) => {
        if (!(error instanceof DomainError && error.code === 'INVALID_ARGUMENT')) shelf.delete(digest);
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

function shelved(digest: string, model: LoadedModel, place: ProbabilityPlace): ShelvedModel {
  const { predict, admit, close } = createBatchedModel(model);
  return { digest, inputs: model.inputs, outputs: model.outputs, place, predict, admit, retire: close };
}

async function digestOf(path: string): Promise<string | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
