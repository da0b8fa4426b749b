import { constants, copyFileSync, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { DomainError, invalid } from '#kernel/errors';
import { rootIgnoreRules, type DataDependency } from '#protocols/dvc';
import { walkFolder } from '../tree/walk.ts';

const LONGEST_WAIT_MS = 60_000;
const SCHEME = /^([a-z][\w+-]*):\/\//i;

/** What an address was when it was looked at: equal ones mean equal bytes. */
export type UrlState = Pick<DataDependency, 'checksum' | 'sizeBytes'>;

/** The file or folder of this machine that an address means; undefined for another machine's. */
export function localPath(url: string): string | undefined {
  const [, scheme] = SCHEME.exec(url) ?? [];
  if (scheme === undefined) return url;
  return scheme.toLowerCase() === 'file' ? fileURLToPath(url) : undefined;
}

/**
 * What a web server says of a file: its ETag, or its Content-MD5.
 * @throws DomainError NOT_FOUND, UNAVAILABLE, PERMISSION_DENIED; NOT_IMPLEMENTED for other kinds of addresses, or where the
 *   server tells nothing that would change with the file
 */
export async function urlState(url: string): Promise<UrlState> {
  const { headers } = await ask(url, 'HEAD');
  const checksum = headers.get('etag') ?? headers.get('content-md5');
  const length = headers.get('content-length');
  if (checksum === null) {
    throw new DomainError('NOT_IMPLEMENTED', `The server of ${url} does not tell when the file changes`, {
      field: url,
      hint: 'It sends neither ETag nor Content-MD5. Download the file and track it with: capstan add.',
    });
  }
  return { checksum, ...(length !== null && { sizeBytes: Number(length) }) };
}

/** Downloads a file. `target` is new. @throws DomainError as `urlState` */
export async function download(url: string, target: string): Promise<void> {
  const response = await ask(url, 'GET');
  mkdirSync(dirname(target), { recursive: true });
  if (!response.body) throw unreachable(url, undefined);
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target, { flags: 'wx' }));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC') {
      throw new DomainError('STORAGE_FULL', `There is no space left for ${target}`, { field: target, cause });
    }
    throw unreachable(url, cause);
  }
}

/**
 * Copies a file or folder of this machine, as it would be tracked: links to folders are left out. `target` is new.
 * @throws DomainError NOT_FOUND, INVALID_ARGUMENT as `walkFolder`
 */
export function copyLocal(path: string, target: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new DomainError('NOT_FOUND', `There is nothing at ${path}`, { field: path });
  if (stats.isFile()) return copyTo(path, target);
  mkdirSync(target, { recursive: true });
  walkFolder(path, '', rootIgnoreRules(), (file) => copyTo(join(path, file), join(target, file)));
}

function copyTo(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

async function ask(url: string, method: 'HEAD' | 'GET'): Promise<Response> {
  const [, scheme = ''] = SCHEME.exec(url) ?? [];
  if (!/^https?$/i.test(scheme)) {
    throw new DomainError('NOT_IMPLEMENTED', `Nothing is imported from ${scheme}:// addresses yet`, {
      field: url,
      hint: 'Do it with dvc import-url, whose .dvc file is as good here.',
    });
  }
  let response: Response;
  try {
    // All of a large file may take longer: what must come in time is the beginning.
    const starts = new AbortController();
    const timer = setTimeout(() => starts.abort(new Error('no answer in time')), LONGEST_WAIT_MS);
    response = await fetch(url, { method, signal: starts.signal }).finally(() => clearTimeout(timer));
  } catch (cause) {
    if (cause instanceof TypeError && /invalid url/i.test(cause.message)) {
      throw invalid(`${url} is no address`, { field: url, cause });
    }
    throw unreachable(url, cause);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const said = `${url} answers ${response.status} ${response.statusText}`.trim();
  if (response.status === 404 || response.status === 410) throw new DomainError('NOT_FOUND', said, { field: url });
  if (response.status === 401 || response.status === 403)
    throw new DomainError('PERMISSION_DENIED', said, { field: url });
  throw new DomainError('UNAVAILABLE', said, { field: url });
}

function unreachable(url: string, cause: unknown): DomainError {
  return new DomainError('UNAVAILABLE', `${url} cannot be reached, or broke off`, {
    field: url,
    hint: 'Do it again: nothing was changed.',
    cause,
  });
}
