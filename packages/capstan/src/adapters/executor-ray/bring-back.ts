import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { CommandFiles } from '#ports/executor';
import { Refusal } from './listener.ts';

const path = z
  .string()
  .max(4096)
  .refine(
    (text) => !text.includes('\0') && text.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
  );
const mode = z.int().min(0).max(0o777);
const entrySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), path, mode }),
  z.object({ kind: z.literal('link'), path, target: z.string().min(1).max(4096) }),
  z.object({ kind: z.literal('file'), path, mode, size: z.int().min(0), digest: z.string().regex(/^[\da-f]{64}$/) }),
]);
type Entry = z.output<typeof entrySchema>;
const messageSchema = z.object({ entries: z.array(entrySchema) });

/** What an attempt leaves, on its way: received beside the files of the person, and moved into place at the end or never. */
export interface IncomingOutputs {
  /** Takes the bytes of files one after the other. @throws Refusal 400, 422 where they are not what was declared */
  receive(bytes: AsyncIterable<Buffer>, from: number, count: number): Promise<void>;
  /** Puts all in place of what was there; what the command has removed is gone here, too. @throws Refusal 409 where some are missing */
  accept(): Promise<void>;
  discard(): void;
}

/**
 * Begins to receive what a node says the command has left.
 * @param message as the node sent it
 * @throws Refusal 400 for what the command was not to write
 */
export async function receiveOutputs(message: unknown, files: CommandFiles): Promise<IncomingOutputs> {
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success) throw new Refusal(400, 'That is no list of outputs');
  const { entries } = parsed.data;
  assertDeclared(entries, files.writes);
  const staging = await makeStaging(files.root);
  const received = new Set<number>();
  const bytesAt = (index: number): string => join(staging, 'bytes', String(index));
  await mkdir(join(staging, 'bytes'));

  return {
    async receive(bytes, from, count) {
      const source = bytes[Symbol.asyncIterator]();
      let rest: Buffer = Buffer.alloc(0);
      let left = count;
      for (let index = from; left > 0; index++) {
        const entry = entries[index];
        if (entry === undefined) throw new Refusal(400, 'There are not so many files');
        if (entry.kind !== 'file') continue;
        rest = await receiveFile(bytesAt(index), entry, source, rest);
        received.add(index);
        left--;
      }
      if (rest.length > 0 || (await source.next()).done !== true)
        throw new Refusal(400, 'There are more bytes than files');
    },
    async accept() {
      if (entries.some(({ kind }, index) => kind === 'file' && !received.has(index))) {
        throw new Refusal(409, 'Some outputs were not sent');
      }
      const tree = join(staging, 'tree');
      await mkdir(tree);
      await layOut(tree, entries, bytesAt);
      await replaceAll(files, tree, join(staging, 'before'));
      removeStaging(staging);
    },
    discard: () => removeStaging(staging),
  };
}

/** Every entry is one of those, or in a folder that was listed before it: never under a link. */
function assertDeclared(entries: readonly Entry[], writes: readonly string[]): void {
  const declared = new Set(writes.map((written) => written.replace(/\/+$/, '')));
  const folders = new Set<string>();
  const seen = new Set<string>();
  for (const { kind, path: given } of entries) {
    if (seen.has(given) || !(declared.has(given) || folders.has(dirname(given)))) {
      throw new Refusal(400, `${given} is not what the command was to write`);
    }
    seen.add(given);
    if (kind === 'folder') folders.add(given);
  }
}

async function receiveFile(
  file: string,
  { size, digest, path: name }: Extract<Entry, { kind: 'file' }>,
  source: AsyncIterator<Buffer>,
  before: Buffer,
): Promise<Buffer> {
  const check = createHash('sha256');
  const writer = createWriteStream(file, { mode: 0o600 });
  const failed = once(writer, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  let rest = before;
  let left = size;
  try {
    while (left > 0) {
      if (rest.length === 0) {
        const next = await source.next();
        if (next.done === true) throw new Refusal(400, 'There are fewer bytes than files');
        rest = next.value;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      check.update(part);
      if (!writer.write(part)) await Promise.race([once(writer, 'drain'), failed]);
    }
    writer.end();
    await Promise.race([once(writer, 'close'), failed]);
  } catch (error) {
    writer.destroy();
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    throw isFull ? new Refusal(507, 'There is no space left for the outputs where Capstan runs') : error;
  }
  if (check.digest('hex') !== digest) throw new Refusal(422, `${name} did not arrive as it was left`);
  return rest;
}

/** Where there is no place of DVC's for what is on its way. Never carried. */
export const STAGING_FOLDER = '.capstan-incoming';
const STAGING = /^incoming-(\d+)-/;

/** In the folder of the root, so that moving is renaming; what killed processes have left goes first. */
async function makeStaging(root: string): Promise<string> {
  const quiet = join(root, '.dvc', 'tmp');
  const folder = existsSync(quiet) ? join(quiet, 'capstan') : join(root, STAGING_FOLDER);
  await mkdir(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const owner = STAGING.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return await mkdtemp(join(folder, `incoming-${process.pid}-`));
}

function removeStaging(staging: string): void {
  rmSync(staging, { recursive: true, force: true });
  const folder = dirname(staging);
  if (basename(folder) === STAGING_FOLDER && existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function layOut(tree: string, entries: readonly Entry[], bytesAt: (index: number) => string): Promise<void> {
  for (const [index, entry] of entries.entries()) {
    const target = join(tree, entry.path);
    await mkdir(dirname(target), { recursive: true });
    if (entry.kind === 'folder') await mkdir(target, { recursive: true });
    else if (entry.kind === 'link') await symlink(entry.target, target);
    else {
      await rename(bytesAt(index), target);
      await chmod(target, entry.mode);
    }
  }
  for (const entry of entries.toReversed())
    if (entry.kind === 'folder') await chmod(join(tree, entry.path), entry.mode);
}

/** All or none: what was there is kept until all is in place, and put back where that fails. */
async function replaceAll({ root, writes }: CommandFiles, tree: string, before: string): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  await mkdir(before);
  try {
    for (const [index, written] of writes.entries()) {
      const place = join(root, written);
      const kept = join(before, String(index));
      if (await isThere(place)) {
        await rename(place, kept);
        undo.push(async () => await rename(kept, place));
      }
      const fresh = join(tree, written);
      if (!(await isThere(fresh))) continue;
      await mkdir(dirname(place), { recursive: true });
      await rename(fresh, place);
      undo.push(async () => await rename(place, fresh));
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}
