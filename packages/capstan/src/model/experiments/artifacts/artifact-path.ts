import { invalid, type DomainError } from '#kernel/errors';
import { ARTIFACT_SCHEME } from '../model.ts';

const LONGEST_SEGMENT_BYTES = 255;
const LONGEST_PATH_BYTES = 1_024;
const MAX_DECODINGS = 8;

/**
 * Parses an artifact path, decoded once by the caller, into segments. It never becomes a path of this machine: it is
 * only looked up in a table, and still refused when a file system would read it otherwise than it looks.
 * @throws DomainError INVALID_ARGUMENT
 */
export function parseArtifactPath(path: string): string[] {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    throw refusal(path, `it is longer than ${LONGEST_PATH_BYTES} bytes`);
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '') throw refusal(path, 'it is absolute, or has an empty part');
    if (Buffer.byteLength(segment) > LONGEST_SEGMENT_BYTES) {
      throw refusal(path, `a part is longer than ${LONGEST_SEGMENT_BYTES} bytes`);
    }
  }
  if (!path.isWellFormed()) throw refusal(path, 'it is no well-formed text');
  // A path that still hides something behind percent signs would be read differently by the next one to decode it.
  for (const spelling of spellingsOf(path)) refuseTricks(path, spelling);
  return segments;
}

/** As `parseArtifactPath`; the empty path and one trailing slash stand for folders. */
export function parseArtifactFolder(path: string): string[] {
  const trimmed = path.endsWith('/') && path !== '/' ? path.slice(0, -1) : path;
  return trimmed === '' || trimmed === '.' ? [] : parseArtifactPath(trimmed);
}

/**
 * The place that an `mlflow-artifacts:` URI names, as segments; undefined for any other text. A host part, which would
 * be another server, is refused, as are fragments and queries.
 */
export function parseArtifactUri(uri: string): string[] | undefined {
  if (!uri.startsWith('mlflow-artifacts:')) return undefined;
  const path = uri.slice('mlflow-artifacts:'.length);
  if (!path.startsWith('/') || path.startsWith('//')) {
    throw refusal(uri, `it must start with ${ARTIFACT_SCHEME} and name no server`);
  }
  if (path.includes('?') || path.includes('#')) throw refusal(uri, 'it has a query or fragment');
  return parseArtifactFolder(path.slice(1));
}

function refuseTricks(path: string, spelling: string): void {
  if (spelling.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw refusal(path, 'it has a part "." or ".."');
  }
  if (spelling.includes('\\')) throw refusal(path, 'it has a backslash');
  if (spelling.includes('#')) throw refusal(path, 'it has a #');
  if (/\p{Cc}/u.test(spelling)) throw refusal(path, 'it has a control character');
  if (/^[a-z]:/i.test(spelling)) throw refusal(path, 'it starts with a drive');
  if (spelling.startsWith('/')) throw refusal(path, 'it is absolute');
}

/** The path, and what comes of decoding it again and again. */
function spellingsOf(path: string): string[] {
  const spellings = [path];
  for (let last = path; spellings.length <= MAX_DECODINGS;) {
    let next: string;
    try {
      next = decodeURIComponent(last);
    } catch {
      return spellings;
    }
    if (next === last) return spellings;
    spellings.push(next);
    last = next;
  }
  throw refusal(path, 'it is encoded over and over');
}

function refusal(path: string, reason: string): DomainError {
  return invalid(`Invalid path: ${reason}`, {
    field: 'path',
    hint: 'A path is parts joined by single slashes.',
    details: { path: path.slice(0, 200) },
  });
}
