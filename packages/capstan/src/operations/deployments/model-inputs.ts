import type { Reader } from '#database';
import type { TensorSpec } from '#ports/model-runtime';
import type { ModelSource, ServedModel } from './spec.ts';
import * as store from './store.ts';

type Served = Pick<ServedModel, 'flavor' | 'digest' | 'files'>;

/** What a model takes; null where it does not say. */
export async function inputsOf(
  models: ModelSource,
  { flavor, digest, files }: Served,
): Promise<readonly TensorSpec[] | null> {
  if (flavor === 'onnx') return await models.inputs({ flavor, file: digest });
  const description = files.find(({ path }) => path === 'MLmodel');
  return description ? await models.inputs({ flavor, file: description.digest }) : null;
}

export async function servedBy(reader: Reader, row: store.RevisionRow): Promise<Served> {
  const files = row.package_digest === null ? [] : await store.packageFiles(reader, row.package_digest);
  return { flavor: row.flavor, digest: row.model_digest as `sha256:${string}`, files };
}
