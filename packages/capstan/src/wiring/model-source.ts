import { buffer } from 'node:stream/consumers';
import { digestOf } from '#kernel/digest';
import { conflict, notFound } from '#kernel/errors';
import { refusalOf, type ModelRegistry, type Verdict } from '#model/registry';
import { keepsWeightsElsewhere } from '#adapters/runtime-onnx';
import type { ModelSource } from '#operations/deployments';
import type { BlobStore, Digest } from '#ports/blob-store';
import type { ModelRuntime } from '#ports/model-runtime';
import { loadOnnx, weightsBeside } from '#ports/onnx-package';
import { signatureInputs, specOfItem } from '#ports/model-signature';

interface ModelFilesAccess {
  readonly blobs: Pick<BlobStore, 'localFile' | 'read'>;
  /** Of ONNX models: other files say in their MLmodel file what they take. */
  readonly runtime: ModelRuntime;
}

/** Models as the registry has them; promotion only by a verdict that gates have given. */
export function modelsFrom(
  registry: ModelRegistry,
  verdictOf: (id: string) => Promise<Verdict | undefined>,
  { blobs, runtime }: ModelFilesAccess,
): ModelSource {
  const passing = async (model: string, version: number, verdictId: string): Promise<Verdict> => {
    const verdict = await verdictOf(verdictId);
    if (!verdict) throw notFound('verdict', verdictId, 'Evaluate the version: its verdict names the id.');
    const refusal = refusalOf(verdict, model, version);
    if (refusal !== undefined) throw conflict(refusal, { field: 'verdictId' });
    return verdict;
  };
  return {
    async served(model, version) {
      const found = await registry.modelFiles(model, version);
      const files = found.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      const packageDigest: Digest = `sha256:${digestOf(files.map(({ path, digest }) => [path, digest]))}`;
      if (found.onnx) {
        const { weightsFile } = weightsBeside(files, found.onnx, blobs);
        // The same graph with other weights is another model: only all of its files tell them apart.
        const isWhole = weightsFile !== undefined && (await keepsWeightsElsewhere(await blobs.localFile(found.onnx)));
        return { flavor: 'onnx', digest: isWhole ? packageDigest : found.onnx, packageDigest, files };
      }
      if (found.flavor === 'python_function')
        return { flavor: 'python_function', digest: packageDigest, packageDigest, files };
      throw conflict(
        `${model}/${version} is of no flavor that is served (its flavors: ${found.flavors.join(', ') || 'none'})`,
        { field: 'version', hint: 'Log it with mlflow.FLAVOR.log_model, which adds python_function.' },
      );
    },
    async inputs({ flavor, digest, files }) {
      if (flavor !== 'onnx') {
        const description = files.find(({ path }) => path === 'MLmodel');
        if (!description) return null;
        const text = (await buffer(await blobs.read(description.digest))).toString('utf8');
        return signatureInputs(text)?.map(specOfItem) ?? null;
      }
      const loaded = await loadOnnx({ runtime, blobs }, { digest, files });
      await loaded.close();
      return loaded.inputs;
    },
    requirePassingVerdict: async (model, version, verdictId) => void (await passing(model, version, verdictId)),
    async promote({ model, version, verdictId, cause }) {
      const verdict = await passing(model, version, verdictId);
      await registry.promote({ model, version, alias: 'champion', verdict, reason: 'rolled out', cause });
    },
  };
}
