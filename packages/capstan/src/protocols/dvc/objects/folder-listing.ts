import { invalid, messageOf } from '#kernel/errors';
import { isContentDigest } from './object-place.ts';
import { quotedJson } from '../text/python-json.ts';
import { byCodePoint } from '../text/python-text.ts';

/** A file of a folder that DVC tracks as one. */
export interface ListedFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly md5: string;
}

const DIGEST_BYTES = 16;
/** Of text that is made at once: the list of a million files is never held whole as objects. */
const PIECE_FILES = 4_096;
/** What stands between two entries; inside a name the quotes would be escaped. */
const BETWEEN = '"}, {"';

/** What DVC keeps for a folder: the bytes its hash is taken over. Files are sorted by the code points of their paths. */
export function writeListing(files: readonly ListedFile[]): string {
  const sorted = files.toSorted((a, b) => byCodePoint(a.path, b.path));
  const pieces = listingPieces(
    sorted.map(({ path }) => path),
    (index) => sorted[index]?.md5 ?? '',
  );
  return [...pieces].join('');
}

/** The same text in pieces, of paths that are sorted already. */
export function* listingPieces(paths: readonly string[], md5Of: (index: number) => string): Generator<string> {
  let piece = '[';
  for (const [index, path] of paths.entries()) {
    piece += `${index === 0 ? '' : ', '}{"md5": "${md5Of(index)}", "relpath": ${quotedJson(path)}}`;
    if ((index + 1) % PIECE_FILES !== 0) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]`;
}

/** Files of a folder in columns, sorted by the code points of their paths. */
export interface ListedColumns {
  readonly paths: readonly string[];
  /** MD5 of file `n` at 16 × n. */
  readonly digests: Buffer;
}

/** @see readListingColumns */
export function readListing(text: string | Buffer, name: string): ListedFile[] {
  const { paths, digests } = readListingColumns([Buffer.from(text)], name);
  return paths.map((path, index) => ({
    path,
    md5: digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
  }));
}

/**
 * Reads the object of a folder. It may come from a remote that others write to, so it is trusted with nothing.
 * @param chunks of its bytes; each is free to be written over when the next one is asked for
 * @param name for messages
 * @throws DomainError INVALID_ARGUMENT when it is no such list, or a path of it leaves the folder or comes twice
 */
export function readListingColumns(chunks: Iterable<Buffer>, name: string): ListedColumns {
  const paths: string[] = [];
  const md5s: Buffer[] = [];
  for (const items of piecesOf(chunks, name)) {
    const digests = Buffer.allocUnsafe(items.length * DIGEST_BYTES);
    for (const [index, item] of items.entries()) {
      const { relpath, md5 } = (item ?? {}) as Readonly<Record<string, unknown>>;
      const at = paths.length;
      if (typeof relpath !== 'string' || typeof md5 !== 'string') throw wrong(name, at, 'it has no relpath and md5');
      if (!isContentDigest(md5) || md5.endsWith('.dir')) throw wrong(name, at, `'${md5}' is no hash of a file`);
      if (!isInside(relpath)) throw wrong(name, at, `'${relpath}' is no path in the folder`);
      paths.push(relpath);
      digests.write(md5, index * DIGEST_BYTES, 'hex');
    }
    md5s.push(digests);
  }
  const columns = sortedColumns(paths, Buffer.concat(md5s));
  refuseMeetingPaths(columns.paths, name);
  return columns;
}

function* piecesOf(chunks: Iterable<Buffer>, name: string): Generator<readonly unknown[]> {
  let left = Buffer.alloc(0);
  let start = '';
  for (const chunk of chunks) {
    left = Buffer.concat([left, chunk]);
    const border = left.lastIndexOf(BETWEEN);
    if (border < 0) continue;
    // Up to the brace that closes the entry; the next piece begins at the one that opens.
    yield listOf(`${start}${left.toString('utf8', 0, border + 2)}]`, name);
    left = left.subarray(border + BETWEEN.length - 2);
    start = '[';
  }
  yield listOf(`${start}${left.toString('utf8')}`, name);
}

/** As they come, where they are in order, which is how DVC writes them. */
function sortedColumns(paths: readonly string[], digests: Buffer): ListedColumns {
  const isSorted = paths.every((path, index) => index === 0 || byCodePoint(paths[index - 1] ?? '', path) <= 0);
  if (isSorted) return { paths, digests };
  const order = paths.map((_, index) => index).toSorted((a, b) => byCodePoint(paths[a] ?? '', paths[b] ?? ''));
  return {
    paths: order.map((index) => paths[index] ?? ''),
    digests: Buffer.concat(order.map((index) => digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES))),
  };
}

/** In order, all that begin as a path does come right after it: those that the next one begins with are kept at hand. */
function refuseMeetingPaths(paths: readonly string[], name: string): void {
  const before: string[] = [];
  for (const [index, path] of paths.entries()) {
    for (let last = before.at(-1); last !== undefined && !path.startsWith(last); last = before.at(-1)) before.pop();
    for (const other of before) {
      if (other === path) throw wrong(name, index, `'${path}' is there twice`);
      if (path[other.length] === '/') throw wrong(name, index, `'${other}' is both a file and a folder`);
    }
    before.push(path);
  }
}

function listOf(text: string, name: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name} is no list of files: ${messageOf(cause)}`, { field: name, cause });
  }
  if (Array.isArray(value)) return value;
  throw invalid(`${name} is no list of files`, { field: name });
}

/** No path of the machine, nothing above the folder, no name that means a place. */
function isInside(path: string): boolean {
  if (path === '' || path.includes('\0')) return false;
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..');
}

function wrong(name: string, index: number, message: string) {
  return invalid(`${name}: entry ${index + 1}: ${message}`, {
    field: name,
    hint: 'The object is damaged or was not made by DVC. Fetch it again.',
  });
}
