import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockedFile, LockEntry } from '#kernel/pipeline-definition';
import { entryValue, readEntry, type LockedPath } from './lock-entry.ts';
import { readLock } from './lock-text.ts';
import { Place } from './place.ts';
import { readLongYaml, writeYaml } from './yaml-text.ts';

const LOCK_FILE = 'dvc.lock';

/** @throws DomainError INVALID_ARGUMENT when the text is no such entry */
export function decodeEntry(text: string): LockEntry {
  const place = new Place(readLongYaml(text, 'the stored entry'));
  const { inputs, outputs, ...entry } = readEntry(place, place.value);
  return { ...entry, inputs: inputs.map(fileOf), outputs: outputs.map(fileOf) };
}

export function encodeEntry(entry: LockEntry): string {
  return writeYaml(entryValue(entry));
}

/**
 * Replaces a stage's entry; new ones come last, all else is kept. The file is whole at every moment.
 * @throws DomainError INVALID_ARGUMENT when the file is not a lock file of schema 2.0
 */
export async function writeLock(folder: string, stage: string, entry: LockEntry): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const before = await readFile(path, 'utf8').catch(() => undefined);
  await writeFile(
    `${path}.new`,
    readLock(before, LOCK_FILE)
      .with(new Map([[stage, entry]]))
      .text(),
  );
  await rename(`${path}.new`, path);
}

function fileOf({ scheme: _scheme, etag: _etag, checksum: _checksum, ...file }: LockedPath): LockedFile {
  return { ...file, md5: file.md5 ?? '', sizeBytes: file.sizeBytes ?? 0 };
}
