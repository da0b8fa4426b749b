import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resultKey, resultValue, readResult, runPath, writeResult, type LockedStage } from '#protocols/dvc';

/** Results of stages by what they were made from, in DVC's layout: shared with dvc, and with whoever has the cache. */
export interface RunCache {
  /** The newest result that was made from the same command, inputs and values. */
  find(now: LockedStage): LockedStage | undefined;
  keep(result: LockedStage): void;
}

/** @param folder that of the cache */
export function openRunCache(folder: string): RunCache {
  return {
    find(now) {
      const key = resultKey(now);
      const results = join(folder, 'runs', key.slice(0, 2), key);
      if (!existsSync(results)) return undefined;
      const names = readdirSync(results).filter((name) => /^[0-9a-f]{64}$/.test(name));
      const aged = names.map((name) => ({ name, at: statSync(join(results, name)).mtimeMs }));
      const newest = aged.toSorted((a, b) => b.at - a.at)[0];
      return newest && readKept(join(results, newest.name));
    },
    keep(result) {
      const path = join(folder, runPath(resultKey(result), resultValue(result)));
      if (existsSync(path)) return;
      mkdirSync(dirname(path), { recursive: true });
      const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
      writeFileSync(temporary, writeResult(result));
      renameSync(temporary, path);
    },
  };
}

/** What cannot be read is as if it were not there: the stage runs. */
function readKept(path: string): LockedStage | undefined {
  try {
    return readResult(readFileSync(path, 'utf8'), path);
  } catch {
    return undefined;
  }
}
