import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockedFile, LockEntry } from '#kernel/pipeline-definition';
import { entryValue, readEntry, type LockedPath, type LockedStage } from './lock-entry.ts';
import { readLock } from './lock-text.ts';
import { Place } from '../text/place.ts';
import { readLongYaml, writeYaml } from '../text/yaml-text.ts';

const LOCK_FILE = 'dvc.lock';

/** @throws DomainError INVALID_ARGUMENT when the text is no such entry */
export function decodeEntry(text: string): LockEntry {
  const { inputs, outputs, ...entry } = readResult(text, 'the stored entry');
  return { ...entry, inputs: inputs.map(fileOf), outputs: outputs.map(fileOf) };
}

/** Text of an entry alone, as the run cache keeps it. */
export function encodeEntry(entry: LockedStage): string {
  return writeYaml(entryValue(entry));
}

/** @throws DomainError INVALID_ARGUMENT naming `name:line:column` for what is no such entry */
export function readResult(text: string, name: string): LockedStage {
  const place = new Place(readLongYaml(text, name));
  return readEntry(place, place.value);
}

/**
 * Replaces entries by stage; all else is kept. The file is whole at every moment.
 * @param order names of stages: a new entry stands before those that are behind it there, else last
 * @throws DomainError INVALID_ARGUMENT when the file is not a lock file of schema 2.0
 */
export async function writeLock(
  folder: string,
  entries: ReadonlyMap<string, LockEntry>,
  order: readonly string[] = [],
): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const before = await readFile(path, 'utf8').catch(() => undefined);
  await writeFile(`${path}.new`, readLock(before, LOCK_FILE).with(entries, order).text());
  await rename(`${path}.new`, path);
}

function fileOf({ scheme: _scheme, etag: _etag, checksum: _checksum, ...file }: LockedPath): LockedFile {
  return { ...file, md5: file.md5 ?? '', sizeBytes: file.sizeBytes ?? 0 };
}
