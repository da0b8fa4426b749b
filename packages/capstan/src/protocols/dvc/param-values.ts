import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import type { ParamKey, ParamTable, ParamValue, StageParams } from '#kernel/pipeline-definition';
import { readValues, selectValue } from './value-files.ts';

/**
 * The values a stage depends on, as they are in the files now.
 * @throws DomainError INVALID_ARGUMENT naming the file, or the keys it lacks
 */
export async function readParams(folder: string, params: readonly StageParams[]): Promise<ParamTable> {
  const table = new Map<string, ReadonlyMap<ParamKey, ParamValue>>();
  for (const { path, file, keys } of params) {
    const values = await readValues(join(folder, file), file);
    if (keys === null) {
      table.set(path, values);
      continue;
    }
    const chosen = new Map<ParamKey, ParamValue>();
    for (const key of keys) {
      const value = selectValue(values, key);
      if (value !== undefined) chosen.set(key, value);
    }
    const missing = keys.filter((key) => !chosen.has(key));
    if (missing.length > 0) {
      throw invalid(`Parameters ${missing.map((key) => `'${key}'`).join(', ')} are missing from ${file}`, {
        field: file,
        hint: `Add them to ${file}, or take them from the stage's params.`,
      });
    }
    table.set(path, chosen);
  }
  return table;
}
