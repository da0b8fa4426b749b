import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { modelPackage, snapshot } from '@capstan/api';
import { notFound } from '#kernel/errors';
import type { ControlPlane } from '#operations/serving';
import { KEPT, keptName } from './kept-segments.ts';
import { checkedManifest, MODELS, SNAPSHOT } from './manifest.ts';

/**
 * A folder in the place of a control plane: what it serves never changes, and what is logged stays below `data`.
 * @throws DomainError INVALID_ARGUMENT where it is no such folder; CONFLICT naming a file that is not as it was built
 */
export async function openFolder(folder: string, data: string): Promise<ControlPlane> {
  const { files } = await checkedManifest(folder);
  const served = snapshot.parse(JSON.parse(await readFile(join(folder, SNAPSHOT), 'utf8')));
  const places = new Map(files.map(({ path, sha256 }) => [`sha256:${sha256}`, path]));
  const kept = join(data, KEPT);
  return {
    async nextSnapshot(has, waitMs, signal) {
      if (has?.version === served.version) await sleep(waitMs, undefined, { signal });
      return served;
    },
    async modelPackage(digest) {
      const list = join(folder, MODELS, `${digest.replace(':', '-')}.json`);
      const text = await readFile(list, 'utf8').catch(() => undefined);
      if (text === undefined) throw notFound('model package', digest);
      return modelPackage.parse(JSON.parse(text));
    },
    async download(digest, path) {
      const place = places.get(digest);
      if (place === undefined) throw notFound('model file', digest);
      await copyFile(join(folder, place), path, constants.COPYFILE_FICLONE);
    },
    async sendSegment(id, replica, logged) {
      await mkdir(kept, { recursive: true, mode: 0o700 });
      const path = join(kept, keptName(id, replica));
      await writeFile(`${path}.part`, await readFile(logged), { mode: 0o600, flush: true });
      await rename(`${path}.part`, path);
    },
    // Nobody keeps them: /metrics tells who calls.
    sendCalls: async () => {},
    report: async () => undefined,
    leave: async () => {},
    recentInputs: async () => [],
  };
}
