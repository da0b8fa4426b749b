import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import type { DataFile } from '#ports/analytics';
import type { Digest } from '#ports/blob-store';
import type { BatchPredictionsDeps } from './deps.ts';
import { idPrefix, type Transform } from './model.ts';
import { keyOf } from './plan.ts';
import type { BatchRow } from './store.ts';
import { recipeOf } from './views.ts';
import { workFiles, type WorkRequest } from './worker/request.ts';

/**
 * Puts all that the work needs into its folder: what is stored, by links, so that an executor carries it where its machines
 * do not see this one's files. What an earlier try has answered there stays, unless the request has become another: then it
 * begins anew.
 */
export async function prepareFolder(deps: BatchPredictionsDeps, row: BatchRow, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = await deps.datasets.files(row.input_version);
  const request = join(folder, workFiles.request);
  const wanted = JSON.stringify(await requestOf(deps, row, files));
  const known = await readFile(request, 'utf8').catch(() => undefined);
  if (known !== undefined && known !== wanted) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await rm(join(folder, workFiles.data), { recursive: true, force: true });
  await mkdir(join(folder, workFiles.data), { mode: 0o700 });
  for (const [index, file] of files.entries()) await symlink(file.path, join(folder, dataPath(file, index)));
  const model = join(folder, workFiles.model);
  if (!isWholeFolder(row)) {
    await rm(model, { force: true });
    await symlink(await deps.blobs.localFile(row.model_digest as Digest), model);
  } else if (known !== wanted) await layModel(deps, row, model);
  await writeWhole(request, wanted);
}

/** Relative to the folder. */
function dataPath({ format }: Pick<DataFile, 'format'>, index: number): string {
  return `${workFiles.data}/${index}.${format}`;
}

async function requestOf(deps: BatchPredictionsDeps, row: BatchRow, files: readonly DataFile[]): Promise<WorkRequest> {
  const recipe = recipeOf(row);
  const transform = JSON.parse(row.transform) as Transform;
  const input = await deps.datasets.get(row.input_version);
  const keep = recipe.keep === 'key' ? await keyOf(deps.projects, input) : recipe.keep;
  return {
    model: {
      flavor: row.flavor,
      path: workFiles.model,
      inputAdapters: { ...transform.inputAdapters },
      shift: transform.shift,
    },
    files: files.map((file, index) => ({ path: dataPath(file, index), format: file.format, label: file.label })),
    sql: recipe.sql,
    columns: Object.fromEntries(Object.entries(recipe.columns).map(([name, columns]) => [name, [...columns]])),
    keep: keep === 'all' ? null : [...keep],
    onError: recipe.onError,
    stamp: {
      idPrefix: idPrefix({ modelDigest: row.model_digest, inputDigest: input.digest, transform, recipe }),
      model: row.model,
      version: row.model_version,
      revision: row.revision,
    },
    format: row.format,
  };
}

/** Of an ONNX model that has all in it the one file will do. */
function isWholeFolder(row: BatchRow): boolean {
  return row.flavor !== 'onnx' || row.model_digest === row.package_digest;
}

/** A copy and no link: a model is code, which must not reach what is stored. */
async function layModel(deps: BatchPredictionsDeps, row: BatchRow, folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  for (const { path, digest } of await modelFilesOf(deps, row)) {
    const target = insidePath(partial, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(await deps.blobs.localFile(digest), target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o644);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

async function modelFilesOf({ deployments, models }: BatchPredictionsDeps, row: BatchRow) {
  if (row.deployment !== null && row.package_digest !== null)
    return (await deployments.modelPackage(row.package_digest)).files;
  const { files, packageDigest } = await models.served(row.model, row.model_version);
  if (packageDigest === row.package_digest) return files;
  throw conflict(`The files of ${row.model}/${row.model_version} are no longer what they were`, {
    hint: 'Start the batch prediction again.',
  });
}

function insidePath(folder: string, path: string): string {
  const whole = normalize(path);
  if (whole !== '.' && !isAbsolute(whole) && whole.split(sep)[0] !== '..') return join(folder, whole);
  throw invalid(`The model has a file '${path}' outside of its folder`, { field: 'path' });
}

/** Readers see it whole, or as it was. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
