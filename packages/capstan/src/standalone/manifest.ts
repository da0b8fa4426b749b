import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { servedFlavor } from '@capstan/api';
import { z } from 'zod';
import { conflict, invalid } from '#kernel/errors';

export const MANIFEST = 'manifest.json';
export const SNAPSHOT = 'snapshot.json';
export const MODELS = 'models';
export const PROGRAM = 'program';

/** What the folder holds: each file by its digest, and the packages whose code is in it with their terms. */
export const manifest = z.strictObject({
  schema: z.literal('capstan/standalone.v1'),
  capstan: z.string(),
  deployment: z.string(),
  revision: z.int(),
  model: z.strictObject({ name: z.string(), version: z.int(), flavor: servedFlavor, digest: z.string() }),
  packages: z.array(z.strictObject({ name: z.string(), version: z.string(), license: z.string(), folder: z.string() })),
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string(), sizeBytes: z.int() })),
});
export type Manifest = z.output<typeof manifest>;

/** Files below a folder, sorted, with `/`. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * The manifest of a folder whose files are all as it says.
 * @throws DomainError INVALID_ARGUMENT where it is no such folder; CONFLICT naming the file that is gone, changed or new
 */
export async function checkedManifest(folder: string): Promise<Manifest> {
  let known: Manifest;
  try {
    known = manifest.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
  } catch (cause) {
    throw invalid(`${folder} is no folder that capstan build has made`, {
      field: '--from',
      hint: `It has no readable ${MANIFEST}.`,
      cause,
    });
  }
  for (const { path, sha256, sizeBytes } of known.files) {
    const file = join(folder, path);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw tampered(`The file ${path} is not there`);
    if (found.size !== sizeBytes || (await sha256Of(file)) !== sha256)
      throw tampered(`The file ${path} has been changed`);
  }
  const names = new Set([...known.files.map(({ path }) => path), MANIFEST]);
  const stray = (await filesBelow(folder)).find((path) => !names.has(path));
  if (stray !== undefined) throw tampered(`The file ${stray} is none of those that it was built with`);
  return known;
}

function tampered(message: string) {
  return conflict(message, { field: '--from', hint: 'Build the folder again: capstan build DEPLOYMENT --output DIR.' });
}
