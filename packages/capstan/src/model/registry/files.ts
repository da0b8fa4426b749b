import { z } from 'zod';
import { conflict, invalid } from '#kernel/errors';
import { parseLocatedYaml } from '#kernel/located-yaml';
import type { ArtifactFile } from '#model/experiments';
import { loadVersion } from './versions.ts';
import type { RegistryDeps } from './deps.ts';
import type { ModelFiles } from './model.ts';

export interface FileUseCases {
  /**
   * What a version consists of, from its files and its MLmodel file.
   * @throws DomainError NOT_FOUND; CONFLICT when its files are elsewhere or not there; INVALID_ARGUMENT for an MLmodel
   *   file that is none
   */
  modelFiles(model: string, version: number): Promise<ModelFiles>;
  /** The URI under which clients find the files: never `models:` or `runs:`, which they would have to ask about again. */
  downloadUri(model: string, version: number): Promise<string>;
}

/** MLflow's description of a model folder, as far as Capstan reads it. */
const modelDescription = z.looseObject({
  flavors: z.record(z.string(), z.looseObject({ data: z.string().optional() })),
  signature: z.looseObject({ inputs: z.string().nullish(), outputs: z.string().nullish() }).nullish(),
  run_id: z.string().nullish(),
});

const DESCRIPTION_FILE = 'MLmodel';
const LARGEST_DESCRIPTION_BYTES = 1_000_000;

export function fileUseCases({ database, blobs, experiments }: RegistryDeps): FileUseCases {
  async function describe(file: ArtifactFile): Promise<z.output<typeof modelDescription>> {
    if (file.sizeBytes > LARGEST_DESCRIPTION_BYTES)
      throw invalid(`The MLmodel file has ${file.sizeBytes} bytes`, { field: DESCRIPTION_FILE });
    const chunks: Buffer[] = [];
    for await (const chunk of await blobs.read(file.digest)) chunks.push(chunk as Buffer);
    return parseLocatedYaml(DESCRIPTION_FILE, Buffer.concat(chunks).toString('utf8'), modelDescription).value;
  }

  return {
    async modelFiles(name, number) {
      const version = await loadVersion(database, name, number);
      if (!version.files) {
        throw conflict(
          `The files of ${name}/${number} are not in Capstan but at ${version.filesUri ?? version.source}`,
          {
            field: 'version',
            hint: 'Register a model that was logged to a run of this server.',
          },
        );
      }
      const { root, path } = version.files;
      const prefix = path === '' ? '' : `${path}/`;
      const files = (await experiments.artifactFiles(root, path)).map((file) => ({
        ...file,
        path: file.path.slice(prefix.length),
      }));
      const description = files.find((file) => file.path === DESCRIPTION_FILE);
      if (!description) {
        throw conflict(`${name}/${number} has no MLmodel file among its ${files.length} files`, {
          field: 'version',
          hint: 'Log it with mlflow.FLAVOR.log_model.',
        });
      }
      const { flavors, signature } = await describe(description);
      const onnxPath = flavors['onnx']?.data;
      const onnx = onnxPath === undefined ? undefined : files.find((file) => file.path === onnxPath);
      return {
        flavor: onnx
          ? 'onnx'
          : 'python_function' in flavors
            ? 'python_function'
            : (Object.keys(flavors)[0] ?? 'unknown'),
        flavors: Object.keys(flavors),
        files,
        ...(onnx && { onnx: onnx.digest }),
        signature: signature ? { inputs: signature.inputs ?? null, outputs: signature.outputs ?? null } : null,
        runId: version.runId,
      };
    },
    async downloadUri(name, number) {
      const version = await loadVersion(database, name, number);
      if (!version.files) return version.filesUri ?? version.source;
      const { root, path } = version.files;
      return `mlflow-artifacts:/${root}${path === '' ? '' : `/${path}`}`;
    },
  };
}
