import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { HashedContent, HashedFile, HashMemory } from '#model/pipelines';
import { writeListing } from './folder-listing.ts';
import { byCodePoint } from '../text/python-text.ts';

const READ_BYTES = 1 << 20;
const FILES_AT_ONCE = 16;
/** Folders DVC never looks into. */
const IGNORED_FOLDERS = new Set(['.git', '.hg', '.dvc']);

/**
 * Hash of a file or folder as DVC 3 has it: MD5 of the bytes; for a folder MD5 of the sorted list of its files' hashes,
 * with `.dir` behind. Links to files count as the files, links to folders inside a folder are left out.
 * @throws DomainError NOT_FOUND when there is nothing; INVALID_ARGUMENT for a broken link or something not a file inside
 */
export async function hashPath(path: string, memory: HashMemory): Promise<HashedContent> {
  const facts = await factsOf(path);
  if (!facts) throw new DomainError('NOT_FOUND', `There is nothing at ${path}`);
  if (!facts.isDirectory()) {
    const file = await hashFile(path, '', facts, memory);
    const hash = {
      md5: file.md5,
      sizeBytes: file.sizeBytes,
      ...(file.isExecutable && { isExecutable: true as const }),
    };
    return { hash, files: [file] };
  }
  const paths = await filesUnder(path, '');
  const files: HashedFile[] = [];
  for (let index = 0; index < paths.length; index += FILES_AT_ONCE) {
    const batch = paths.slice(index, index + FILES_AT_ONCE);
    files.push(...(await Promise.all(batch.map((file) => hashMember(path, file, memory)))));
  }
  files.sort((a, b) => byCodePoint(a.path, b.path));
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { hash: { md5: `${md5(writeListing(files))}.dir`, sizeBytes, fileCount: files.length }, files };
}

async function filesUnder(root: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!IGNORED_FOLDERS.has(entry.name)) found.push(...(await filesUnder(root, path)));
    } else if (entry.isSymbolicLink()) {
      const target = await factsOf(join(root, path));
      if (!target) throw invalid(`${join(root, path)} is a link to nothing`, { field: path });
      if (!target.isDirectory()) found.push(path);
    } else found.push(path);
  }
  return found;
}

async function hashMember(root: string, path: string, memory: HashMemory): Promise<HashedFile> {
  const whole = join(root, path);
  return await hashFile(whole, path, await stat(whole, { bigint: true }), memory);
}

async function hashFile(whole: string, path: string, facts: BigIntStats, memory: HashMemory): Promise<HashedFile> {
  if (!facts.isFile()) throw invalid(`${whole} is neither a file nor a folder`, { field: path });
  const identity = `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
  const digest = memory.get(identity) ?? (await md5OfFile(whole));
  memory.set(identity, digest);
  return { path, md5: digest, sizeBytes: Number(facts.size), isExecutable: (facts.mode & 0o111n) !== 0n };
}

async function md5OfFile(path: string): Promise<string> {
  const handle = await open(path, 'r');
  const hash = createHash('md5');
  for await (const piece of handle.createReadStream({ highWaterMark: READ_BYTES })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

async function factsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
