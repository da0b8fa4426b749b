import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Below the data folder: what was logged, which nobody has fetched. */
export const KEPT = 'standalone';

export function keptName(id: string, replica: string): string {
  return `${replica}.${id}.segment`;
}

const NAME = /^([^.]+)\.(.+)\.segment$/;

export interface KeptSegment {
  readonly id: string;
  readonly replica: string;
  readonly path: string;
}

/** What data planes without a control plane have logged below a data folder, oldest first. */
export async function keptSegments(data: string): Promise<KeptSegment[]> {
  const folder = join(data, KEPT);
  const names = await readdir(folder).catch((): string[] => []);
  return names.toSorted().flatMap((name) => {
    const [, replica, id] = NAME.exec(name) ?? [];
    return replica === undefined || id === undefined ? [] : [{ id, replica, path: join(folder, name) }];
  });
}
