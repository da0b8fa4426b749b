import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { z } from 'zod';
import { invalid } from '#kernel/errors';
import { parseLocatedYaml } from '#kernel/located-yaml';
import type { BlobStore, Digest } from './blob-store.ts';
import type { LoadedModel, LoadOptions, ModelRuntime } from './model-runtime.ts';

interface PackageFile {
  readonly path: string;
  readonly digest: Digest;
}

const description = z.looseObject({ flavors: z.looseObject({ onnx: z.looseObject({ data: z.string() }).optional() }) });

/** The path of the ONNX file in a model's folder, as its MLmodel file says. @throws DomainError INVALID_ARGUMENT */
function onnxPathIn(mlmodel: string): string | undefined {
  return parseLocatedYaml('MLmodel', mlmodel, description).value.flavors.onnx?.data;
}

/** What MLflow itself puts beside an ONNX file. */
const KNOWN = new Set(
  'MLmodel conda.yaml python_env.yaml requirements.txt uv.lock input_example.json serving_input_example.json'
    .split(' ')
    .concat('registered_model_meta'),
);

/**
 * What loads an ONNX file whose weights may be in other files of its model: nothing more than its own bytes where the model has
 * none but those that MLflow itself puts there.
 */
export function weightsBeside(
  files: readonly PackageFile[],
  onnx: Digest,
  blobs: Pick<BlobStore, 'localFile'>,
): Pick<LoadOptions, 'weightsFile'> {
  const main = files.find(({ digest }) => digest === onnx);
  if (!main || files.every((file) => file === main || KNOWN.has(file.path))) return {};
  return {
    async weightsFile(location) {
      const found = weightsFile(files, main.path, location);
      return found && (await blobs.localFile(found.digest));
    },
  };
}

/**
 * The file of a model that its ONNX file means by a location of weights: by exact name, below the ONNX file's own folder.
 * Undefined where it has none.
 */
function weightsFile<File extends { readonly path: string }>(
  files: readonly File[],
  onnxPath: string,
  location: string,
): File | undefined {
  if (location.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined;
  const path = posix.join(posix.dirname(onnxPath), location);
  return files.find((file) => file.path === path && path !== onnxPath);
}

/**
 * Loads an ONNX model from stored files: `digest` is that of its ONNX file, or of all files where its weights are in others.
 * @throws DomainError as the runtime and the store do
 */
export async function loadOnnx(
  { runtime, blobs }: { readonly runtime: ModelRuntime; readonly blobs: Pick<BlobStore, 'localFile'> },
  { digest, files }: { readonly digest: Digest; readonly files: readonly PackageFile[] },
): Promise<LoadedModel> {
  const isWhole = files.every((file) => file.digest !== digest);
  const description = isWhole ? files.find(({ path }) => path === 'MLmodel') : undefined;
  const onnxPath = description && onnxPathIn(await readFile(await blobs.localFile(description.digest), 'utf8'));
  const onnx = files.find(({ path }) => path === onnxPath)?.digest ?? digest;
  return await runtime.load(await blobs.localFile(onnx), weightsBeside(files, onnx, blobs));
}

/** How an ONNX model is loaded from MLflow's folder, which holds the files of the model and no others. */
export async function openOnnxFolder(
  folder: string,
): Promise<{ readonly file: string; readonly options: Pick<LoadOptions, 'weightsFile'> }> {
  const onnxPath = onnxPathIn(await readFile(join(folder, 'MLmodel'), 'utf8'));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => ({ path: relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/') }));
  if (onnxPath === undefined || !files.some(({ path }) => path === onnxPath))
    throw invalid('The MLmodel file names no ONNX file that is there', { field: 'MLmodel' });
  return {
    file: join(folder, onnxPath),
    options: {
      async weightsFile(location) {
        const found = weightsFile(files, onnxPath, location);
        return found && join(folder, found.path);
      },
    },
  };
}
