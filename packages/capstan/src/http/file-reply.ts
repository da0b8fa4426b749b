import { invalid } from '#kernel/errors';
import type { Blob, ByteRange, LentBytes } from '#ports/blob-store';
import type { RawReply, RawRequest } from './bind.ts';
import { mediaTypeOf } from './media-type.ts';

/** Bytes that a user uploaded, under the name that they have there. */
export interface StoredFile extends Blob {
  readonly path: string;
}

/**
 * Answers GET and HEAD for bytes that a user uploaded, so that no browser ever runs them: always an attachment, its type
 * by its name and never sniffed, in a sandbox without any right. One byte range (RFC 9110, 14.2), ETag and
 * If-None-Match.
 */
export async function attachmentReply<File extends StoredFile>(
  request: Pick<RawRequest, 'method' | 'headers'>,
  file: File,
  read: (file: File, range?: ByteRange) => Promise<LentBytes>,
): Promise<RawReply> {
  const etag = `"${file.digest}"`;
  const headers = {
    'content-type': mediaTypeOf(file.path),
    'content-disposition': contentDisposition(file.path),
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-cache',
    'accept-ranges': 'bytes',
    etag,
  };
  if (isKnown(headerOf(request, 'if-none-match'), etag)) return { status: 304, headers, body: '' };
  const ifRange = headerOf(request, 'if-range');
  const wanted = ifRange === undefined || ifRange === etag ? headerOf(request, 'range') : undefined;
  const range = parseRange(wanted, file.sizeBytes);
  if (range === 'outside') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${file.sizeBytes}` }, body: '' };
  }
  const length = range ? range.end - range.start + 1 : file.sizeBytes;
  const isHead = request.method === 'HEAD';
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': String(length),
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${file.sizeBytes}` }),
    },
    body: isHead ? '' : await read(file, range),
  };
}

/** What a page of a user may do: run its own scripts and draw. It has no origin, and no way to any server. */
const FRAME_POLICY = [
  'sandbox allow-scripts',
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' data: blob:",
  "style-src 'unsafe-inline' data:",
  'img-src data: blob:',
  'font-src data:',
  'media-src data: blob:',
  'worker-src blob:',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ');

/**
 * An HTML file as a page in a frame of the interface: plots that libraries write are such files. Its policy gives it an
 * opaque origin, so that its scripts reach neither the interface nor the API.
 * @throws DomainError INVALID_ARGUMENT for a file that is no HTML
 */
export async function framedReply<File extends StoredFile>(
  request: Pick<RawRequest, 'method' | 'headers'>,
  file: File,
  read: (file: File, range?: ByteRange) => Promise<LentBytes>,
): Promise<RawReply> {
  if (mediaTypeOf(file.path) !== 'text/html')
    throw invalid(`'${file.path}' is no HTML file`, { field: 'path', hint: 'Only HTML is shown in a frame.' });
  const reply = await attachmentReply(request, file, read);
  const headers = { ...reply.headers, 'content-type': 'text/html; charset=utf-8', 'x-frame-options': 'SAMEORIGIN' };
  return {
    ...reply,
    headers: { ...headers, 'content-disposition': 'inline', 'content-security-policy': FRAME_POLICY },
  };
}

function headerOf(request: Pick<RawRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** `*`, or a list of tags, weak ones too (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** One range; undefined (the whole) for none, for several and for what is no range: a server may do so. */
function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'outside' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first = '', last = ''] = match.slice(1);
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'outside' : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start >= sizeBytes) return 'outside';
  return end < start ? undefined : { start, end };
}

/** RFC 6266: the name in ASCII for all, in quotes where it needs them, and exactly (RFC 5987) for those who can. */
function contentDisposition(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replaceAll(
    /['()*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const written = /^[\w!#$&+.^`|~-]+$/.test(ascii) ? ascii : `"${ascii}"`;
  return `attachment; filename=${written}${ascii === name ? '' : `; filename*=UTF-8''${exact}`}`;
}
