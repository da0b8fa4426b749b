import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import type { ParamKey, ParamTable, ParamValue, StageParams } from '#kernel/pipeline-definition';
import { readValues, selectValue, type Values } from '../text/value-files.ts';

/** What of a stage's parameters one file holds now. */
export interface FoundParams {
  /** As written, relative to the stage's working directory. */
  readonly path: string;
  /** Relative to the folder of the pipeline file. */
  readonly file: string;
  readonly values: ReadonlyMap<ParamKey, ParamValue>;
  /** Keys that the file lacks. */
  readonly missing: readonly string[];
}

/** Values of a file. @throws DomainError INVALID_ARGUMENT naming `shownAs`, also where there is none */
type ReadValues = (path: string, shownAs: string) => Promise<Values>;

/**
 * The values a stage depends on, as far as they are there.
 * @throws DomainError INVALID_ARGUMENT naming a file that is not there or cannot be read
 */
export async function findParams(
  folder: string,
  params: readonly StageParams[],
  read: ReadValues = readValues,
): Promise<FoundParams[]> {
  const found: FoundParams[] = [];
  for (const { path, file, keys } of params) {
    const values = await read(join(folder, file), file);
    if (keys === null) {
      found.push({ path, file, values, missing: [] });
      continue;
    }
    const chosen = new Map<ParamKey, ParamValue>();
    for (const key of keys) {
      const value = selectValue(values, key);
      if (value !== undefined) chosen.set(key, value);
    }
    found.push({ path, file, values: chosen, missing: keys.filter((key) => !chosen.has(key)) });
  }
  return found;
}

/**
 * The values a stage depends on, as they are in the files now.
 * @throws DomainError INVALID_ARGUMENT naming the file, or the keys it lacks
 */
export async function readParams(folder: string, params: readonly StageParams[]): Promise<ParamTable> {
  const found = await findParams(folder, params);
  for (const { file, missing } of found) refuseMissing(file, missing);
  return new Map(found.map(({ path, values }) => [path, values]));
}

/** @throws DomainError INVALID_ARGUMENT naming the keys, where there are any */
export function refuseMissing(file: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw invalid(`Parameters ${missing.map((key) => `'${key}'`).join(', ')} are missing from ${file}`, {
    field: file,
    hint: `Add them to ${file}, or take them from the stage's params.`,
  });
}
