import { chmod, copyFile, link, mkdir, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SharedOutput } from '#model/pipelines';
import { writeListing } from './folder-listing.ts';
import { objectPath } from './object-place.ts';

/**
 * Makes `dvc` work in a folder that is no Git repository: `.dvc/` with a local setting that overrides the project's own.
 */
export async function adoptFolder(folder: string): Promise<void> {
  const home = join(folder, '.dvc');
  await mkdir(home, { recursive: true });
  if (!existsSync(join(home, 'config'))) await writeFile(join(home, 'config'), '');
  await writeFile(join(home, 'config.local'), '[core]\n    no_scm = true\n');
}

/**
 * Puts objects into DVC's cache in the folder, so that DVC finds the outputs it knows by their hashes. Objects are
 * links to the stored bytes where the file system allows, and read-only: DVC trusts such an object.
 */
export async function shareOutputs(folder: string, outputs: readonly SharedOutput[]): Promise<void> {
  for (const { content, localFile } of outputs) {
    for (const file of content.files) await addObject(folder, file.md5, () => localFile(file.path));
    const { md5 } = content.hash;
    if (!md5.endsWith('.dir')) continue;
    // Last, so that a folder's object means that its files are there.
    await addObject(folder, md5, (target) => writeFile(target, writeListing(content.files)));
  }
}

async function addObject(
  folder: string,
  md5: string,
  source: (target: string) => Promise<string | void>,
): Promise<void> {
  const object = join(folder, '.dvc', 'cache', objectPath(md5, 'md5'));
  if (existsSync(object)) return;
  await mkdir(dirname(object), { recursive: true });
  const temporary = `${object}.new`;
  const from = await source(temporary);
  if (typeof from === 'string') await link(from, temporary).catch(() => copyFile(from, temporary));
  // A link shares its mode with the stored file, which is read-only already.
  if (typeof from !== 'string') await chmod(temporary, 0o444);
  await rename(temporary, object);
}
