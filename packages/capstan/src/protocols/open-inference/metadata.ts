import type { Description } from '#operations/serving';

/** Extensions of the protocol that are offered over HTTP and gRPC alike, as Triton calls them. */
const EXTENSIONS = ['model_repository', 'statistics'] as const;
const PLATFORMS = { onnx: 'onnx_onnxv1', python_function: 'mlflow_pyfunc' } as const;

/** @param extensions that one transport adds */
export function serverMetadata(version: string, extensions: readonly string[]) {
  return { name: 'capstan', version, extensions: [...extensions, ...EXTENSIONS] };
}

/** A deployment as the protocol shows a model: its versions are the revisions that this replica can answer with. */
export function modelMetadata({ name, revisions, inputs, outputs, flavor }: Description) {
  return { name, versions: revisions.map(String), platform: PLATFORMS[flavor], inputs, outputs };
}
