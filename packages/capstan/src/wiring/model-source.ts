import { buffer } from 'node:stream/consumers';
import { digestOf } from '#kernel/digest';
import { conflict, notFound } from '#kernel/errors';
import { refusalOf, type ModelRegistry, type Verdict } from '#model/registry';
import { keepsWeightsElsewhere } from '#adapters/runtime-onnx';
import type { InputsSource, ModelSource } from '#operations/deployments';
import type { BlobStore, Digest } from '#ports/blob-store';
import type { ModelRuntime } from '#ports/model-runtime';
import { onnxPathIn, weightsBeside } from '#ports/onnx-package';
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
  const descriptionIn = async (files: InputsSource['files']): Promise<string | undefined> => {
    const file = files.find(({ path }) => path === 'MLmodel');
    return file && (await buffer(await blobs.read(file.digest))).toString('utf8');
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
        const text = await descriptionIn(files);
        return text === undefined ? null : (signatureInputs(text)?.map(specOfItem) ?? null);
      }
      const isWhole = files.length > 0 && files.every((file) => file.digest !== digest);
      const path = isWhole ? onnxPathIn((await descriptionIn(files)) ?? '') : undefined;
      const onnx = files.find((file) => file.path === path)?.digest ?? digest;
      const loaded = await runtime.load(await blobs.localFile(onnx), weightsBeside(files, onnx, blobs));
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
