import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { objectPath, type HashScheme } from '#protocols/dvc';
import type { ObjectId } from '../model.ts';

const PREFIX = /^[0-9a-f]{2}$/;
const REST = /^[0-9a-f]{30}(?:\.dir)?$/;
const SCHEMES: readonly HashScheme[] = ['md5', 'md5-dos2unix'];

/** Every object of a cache, of both layouts. What is named otherwise is not one, and is left alone. */
export function* cachedObjects(folder: string): Generator<ObjectId> {
  for (const scheme of SCHEMES) {
    const root = join(folder, objectPath('0'.repeat(32), scheme), '..', '..');
    for (const prefix of namesIn(root)) {
      if (!PREFIX.test(prefix)) continue;
      for (const rest of namesIn(join(root, prefix))) if (REST.test(rest)) yield { md5: prefix + rest, scheme };
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
