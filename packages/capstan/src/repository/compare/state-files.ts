import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import { damaged } from '../cache/object-cache.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { shownIn } from '../revisions/state.ts';
import type { Tracked, TrackedOutput } from '../revisions/tracked.ts';

/**
 * Bytes of a file of a state: Git's or the checkout's own, else those that the cache keeps for it.
 * @throws DomainError NOT_FOUND where the state has no such file, or the cache lacks it; DATA_LOSS for a damaged object
 */
export async function readStateFile({ cache }: Repository, tracked: Tracked, path: string): Promise<Buffer> {
  const own = await tracked.state.read(path);
  if (own) return own;
  const output = outputAround(tracked, path);
  const name = shownIn(tracked.state, path);
  if (!output) throw new DomainError('NOT_FOUND', `There is no file ${name}`, { field: path });
  const id = objectOf(cache, output, path);
  if (!id || !cache.has(id)) {
    throw new DomainError('NOT_FOUND', `The cache does not hold ${name}`, {
      field: path,
      hint: 'Bring it from a remote, or make it anew.',
    });
  }
  const bytes = await readFile(cache.fileOf(id));
  const isWhole = id.scheme !== 'md5' || createHash('md5').update(bytes).digest('hex') === id.md5;
  if (!isWhole) throw damaged(cache.fileOf(id));
  return bytes;
}

function outputAround({ outputs }: Tracked, path: string): (TrackedOutput & { readonly md5: string }) | undefined {
  const found = outputs.find((output) => path === output.path || path.startsWith(`${output.path}/`));
  return found?.md5 === undefined ? undefined : { ...found, md5: found.md5 };
}

function objectOf(cache: Repository['cache'], output: TrackedOutput & ObjectId, path: string): ObjectId | undefined {
  if (path === output.path) return isFolderId(output) ? undefined : output;
  if (!isFolderId(output) || !cache.has(output)) return undefined;
  const inside = path.slice(output.path.length + 1);
  const file = cache.readFolder(output).find((listed) => listed.path === inside);
  return file && { md5: file.md5, scheme: output.scheme };
}

/** The files of a folder of a state, whoever keeps them, sorted; a path that is no folder stands for itself. */
export async function filesAt(repository: Repository, tracked: Tracked, path: string): Promise<string[]> {
  const own = await filesIn(tracked, path);
  const { cache } = repository;
  const inCache = tracked.outputs.flatMap((output) => {
    const { md5, scheme } = output;
    const isAround = path === output.path || path.startsWith(`${output.path}/`);
    const isInside = path === '' || output.path.startsWith(`${path}/`);
    if (md5 === undefined || (!isAround && !isInside)) return [];
    if (!isFolderId({ md5 })) return isInside ? [output.path] : [];
    if (!cache.has({ md5, scheme })) return [];
    const files = cache.readFolder({ md5, scheme }).map((file) => `${output.path}/${file.path}`);
    return files.filter((file) => isInside || file.startsWith(`${path}/`) || path === output.path);
  });
  const isCheckedOut = tracked.state.commit === undefined && own.length > 0;
  const all = isCheckedOut ? own : [...new Set([...own, ...inCache])];
  return all.length === 0 ? [path] : all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function filesIn({ state }: Tracked, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, isFolder } of await state.list(folder)) {
    const path = posix.join(folder, name);
    if (isFolder) found.push(...(await filesIn({ state } as Tracked, path)));
    else found.push(path);
  }
  return found;
}
