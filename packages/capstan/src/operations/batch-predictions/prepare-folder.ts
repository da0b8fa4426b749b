import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';
import type { BatchPredictionsDeps } from './deps.ts';
import { idPrefix, type Transform } from './model.ts';
import { keyOf } from './plan.ts';
import type { BatchRow } from './store.ts';
import { recipeOf } from './views.ts';
import { writeWhole } from './worker/work-in-folder.ts';
import { workFiles, type WorkRequest } from './worker/request.ts';

/**
 * Puts all that the work needs into its folder. What an earlier try has answered there stays, unless the request has become
 * another: then it begins anew.
 */
export async function prepareFolder(deps: BatchPredictionsDeps, row: BatchRow, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const request = join(folder, workFiles.request);
  const wanted = JSON.stringify(await requestOf(deps, row, folder));
  const known = await readFile(request, 'utf8').catch(() => undefined);
  if (known === wanted) return;
  if (known !== undefined) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  if (isWholeFolder(row)) await layModel(deps, row, join(folder, 'model'));
  await writeWhole(request, wanted);
}

async function requestOf(deps: BatchPredictionsDeps, row: BatchRow, folder: string): Promise<WorkRequest> {
  const recipe = recipeOf(row);
  const transform = JSON.parse(row.transform) as Transform;
  const input = await deps.datasets.get(row.input_version);
  const files = await deps.datasets.files(row.input_version);
  const keep = recipe.keep === 'key' ? await keyOf(deps.projects, input) : recipe.keep;
  return {
    model: {
      flavor: row.flavor,
      path: isWholeFolder(row) ? join(folder, 'model') : await deps.blobs.localFile(row.model_digest as Digest),
      inputAdapters: { ...transform.inputAdapters },
      shift: transform.shift,
    },
    files: files.map(({ path, format, label }) => ({ path, format, label })),
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
