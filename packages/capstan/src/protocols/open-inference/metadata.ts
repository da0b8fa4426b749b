import type { Description } from '#operations/serving';

/** Extensions of the protocol that are offered over HTTP and gRPC alike, as Triton calls them. */
const EXTENSIONS = ['model_repository', 'statistics'] as const;
const PLATFORM = 'onnx_onnxv1';

/** @param extensions that one transport adds */
export function serverMetadata(version: string, extensions: readonly string[]) {
  return { name: 'capstan', version, extensions: [...extensions, ...EXTENSIONS] };
}

/** A deployment as the protocol shows a model: its versions are the revisions that this replica can answer with. */
export function modelMetadata({ name, revisions, inputs, outputs }: Description) {
  return { name, versions: revisions.map(String), platform: PLATFORM, inputs, outputs };
}
