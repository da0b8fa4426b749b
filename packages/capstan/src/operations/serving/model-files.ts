import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { modelPackage, type ModelPackage } from '@capstan/api';
import { DomainError, invalid } from '#kernel/errors';
import type { ControlPlane } from './control-plane.ts';

/** Model files on the disk of a data plane, by their digests, so that a restart needs no download. */
export interface ModelFiles {
  /** One file. @throws DomainError UNAVAILABLE when it cannot be had now */
  file(digest: string): Promise<string>;
  /** A folder with all files of a package. @throws DomainError UNAVAILABLE, INVALID_ARGUMENT for paths that leave it */
  folder(digest: string): Promise<string>;
  /** One file of a package; undefined where it has no such file. @throws as `folder`; NOT_FOUND */
  member(digest: string, path: string): Promise<string | undefined>;
  remove(digest: string): Promise<void>;
}

/** Downloads at once of one package. */
const AT_ONCE = 4;

export function createModelFiles(root: string, controlPlane: ControlPlane, signal: AbortSignal): ModelFiles {
  const nameOf = (digest: string): string => join(root, digest.replace(':', '-'));

  const listFile = (digest: string): string => `${nameOf(digest)}.json`;

  /** Kept too: a restart while the control plane is away must find all that it served. */
  async function listOf(digest: string): Promise<ModelPackage['files']> {
    const kept = await readFile(listFile(digest), 'utf8').catch(() => undefined);
    if (kept !== undefined) return modelPackage.parse(JSON.parse(kept)).files;
    const found = await controlPlane.modelPackage(digest, signal);
    await mkdir(root, { recursive: true, mode: 0o700 });
    const temporary = `${listFile(digest)}.part`;
    await writeFile(temporary, JSON.stringify(found), { mode: 0o600 });
    await rename(temporary, listFile(digest));
    return found.files;
  }

  /** Of files whose digest was found right, what they looked like then: a model is loaded again and again. */
  const checked = new Map<string, string>();

  async function isThere(digest: string, path: string): Promise<boolean> {
    const facts = await stat(path).catch(() => undefined);
    if (!facts?.isFile()) return false;
    const looks = `${digest} ${facts.ino} ${facts.size} ${facts.mtimeMs}`;
    if (checked.get(path) === looks) return true;
    if ((await digestOf(path)) !== digest) return false;
    checked.set(path, looks);
    return true;
  }

  async function fetchFile(digest: string, path: string): Promise<void> {
    if (await isThere(digest, path)) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.part`;
    try {
      await controlPlane.download(digest, temporary, signal);
      const found = await digestOf(temporary);
      if (found !== digest) throw new DomainError('UNAVAILABLE', `The model file came as ${found}, not as ${digest}`);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function fetchAll(files: ModelPackage['files'], folder: string): Promise<void> {
    const waiting = files.map(({ path, digest }) => ({ path: insidePath(folder, path), digest }));
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await fetchFile(next.digest, next.path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  return {
    async file(digest) {
      const path = `${nameOf(digest)}.onnx`;
      await fetchFile(digest, path);
      return path;
    },
    async folder(digest) {
      const folder = nameOf(digest);
      await fetchAll(await listOf(digest), folder);
      return folder;
    },
    async member(digest, path) {
      const file = (await listOf(digest)).find((each) => each.path === path);
      if (!file) return undefined;
      const place = insidePath(nameOf(digest), path);
      await fetchFile(file.digest, place);
      return place;
    },
    async remove(digest) {
      await rm(`${nameOf(digest)}.onnx`, { force: true });
      await rm(listFile(digest), { force: true });
      await rm(nameOf(digest), { recursive: true, force: true });
    },
  };
}

function insidePath(folder: string, path: string): string {
  const whole = normalize(path);
  const isInside = whole !== '.' && !isAbsolute(whole) && whole.split(sep)[0] !== '..';
  if (isInside) return join(folder, whole);
  throw invalid(`The model has a file '${path}' outside of its folder`, { field: 'path' });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
