import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ids } from '#ports/ids';

/** Kept with the data, so that a restarted process is the same replica. */
export function replicaName(folder: string, ids: Ids): string {
  const file = join(folder, 'replica');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const name = ids.next('rp');
    writeFileSync(file, `${name}\n`, { mode: 0o600 });
    return name;
  }
}
