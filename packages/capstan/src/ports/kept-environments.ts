import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { holdAlone, holdUse } from './use-lock.ts';

/** Written last: an environment without it was not finished. Its time is that of the last use. */
const DONE_FILE = 'capstan-environment.json';
/** Of environments that are being removed, so that none is found half gone. */
const REMOVED = '.removed';

const keptFacts = z.object({ bytes: z.number().optional() });

/** Whether the environment is complete; notes that it is used now. */
export function markUsed(target: string): boolean {
  const done = join(target, DONE_FILE);
  if (!existsSync(done)) return false;
  try {
    const now = new Date();
    utimesSync(done, now, now);
  } catch {
    // Of a folder that only another may write: it is used all the same.
  }
  return true;
}

export async function markDone(target: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
  const temporary = join(target, `${DONE_FILE}.new`);
  const bytes = await sizeOf(target);
  await writeFile(temporary, JSON.stringify({ ...facts, bytes }, undefined, 2));
  await rename(temporary, join(target, DONE_FILE));
}

/** Keeps the environment from being removed, by any process, until the returned function is called or this process dies. */
export function holdEnvironment(folder: string, key: string): () => void {
  let release: () => void;
  try {
    release = holdUse(lockOf(folder, key));
  } catch {
    // A folder that only another may write: whoever may remove something there does not hear of this use.
    return () => {};
  }
  return () => {
    // It was used until now.
    markUsed(join(folder, key));
    release();
  };
}

function lockOf(folder: string, key: string): string {
  const uses = join(folder, 'uses');
  try {
    mkdirSync(uses, { recursive: true });
  } catch {
    // Of a folder that only another may write: then there is no lock to be had either.
  }
  return join(uses, key);
}

/** Removes the environments of a folder that were used longest ago, and that nobody uses now, until those left hold at most `maxBytes`. */
export async function removeUnused(folder: string, maxBytes: number): Promise<void> {
  const kept = await keptIn(folder);
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of kept.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (total <= maxBytes) return;
    const release = holdAlone(lockOf(folder, name));
    if (!release) continue;
    const gone = join(folder, `${name}${REMOVED}`);
    try {
      // Where another process was quicker there is nothing left to do.
      await rename(join(folder, name), gone).catch(() => {});
    } finally {
      release();
    }
    await rm(gone, { recursive: true, force: true });
    total -= bytes;
  }
}

async function keptIn(folder: string): Promise<{ name: string; bytes: number; usedMs: number }[]> {
  const kept = [];
  for (const name of await readdir(folder).catch(() => [])) {
    // What an earlier process did not come to the end of.
    if (name.endsWith(REMOVED)) await rm(join(folder, name), { recursive: true, force: true });
    const done = join(folder, name, DONE_FILE);
    const facts = await stat(done).catch(() => undefined);
    if (!facts) continue;
    const text = await readFile(done, 'utf8').catch(() => '{}');
    const told = keptFacts.safeParse(JSON.parse(text));
    const bytes = (told.success ? told.data.bytes : undefined) ?? (await sizeOf(join(folder, name)).catch(() => 0));
    kept.push({ name, bytes, usedMs: facts.mtimeMs });
  }
  return kept;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
