import { invalid, messageOf } from '#kernel/errors';
import { isContentDigest } from './object-place.ts';
import { quotedJson } from './python-json.ts';
import { byCodePoint } from './python-text.ts';

/** A file of a folder that DVC tracks as one. */
export interface ListedFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly md5: string;
}

/** What DVC keeps for a folder: the bytes its hash is taken over. Files are sorted by the code points of their paths. */
export function writeListing(files: readonly ListedFile[]): string {
  const entries = files
    .toSorted((a, b) => byCodePoint(a.path, b.path))
    .map(({ md5, path }) => `{"md5": "${md5}", "relpath": ${quotedJson(path)}}`);
  return `[${entries.join(', ')}]`;
}

/**
 * Reads the object of a folder. It may come from a remote that others write to, so it is trusted with nothing.
 * @param name for messages
 * @throws DomainError INVALID_ARGUMENT when it is no such list, or a path of it leaves the folder or comes twice
 */
export function readListing(text: string, name: string): ListedFile[] {
  const files: ListedFile[] = [];
  const paths = new Set<string>();
  for (const [index, item] of listOf(text, name).entries()) {
    const { relpath, md5 } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof relpath !== 'string' || typeof md5 !== 'string') {
      throw wrong(name, index, 'it has no relpath and md5');
    }
    if (!isContentDigest(md5) || md5.endsWith('.dir')) throw wrong(name, index, `'${md5}' is no hash of a file`);
    if (!isInside(relpath)) throw wrong(name, index, `'${relpath}' is no path in the folder`);
    if (paths.has(relpath)) throw wrong(name, index, `'${relpath}' is there twice`);
    paths.add(relpath);
    files.push({ path: relpath, md5 });
  }
  for (const [index, { path }] of files.entries()) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end);
      if (paths.has(folder)) throw wrong(name, index, `'${folder}' is both a file and a folder`);
    }
  }
  return files;
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
