/** How the bytes of a file were hashed: DVC 2 turned CRLF into LF in text files first. */
export type HashScheme = 'md5' | 'md5-dos2unix';

/** 32 lower-case hexadecimal digits, with `.dir` behind for a folder. */
export function isContentDigest(text: string): boolean {
  return /^[0-9a-f]{32}(?:\.dir)?$/.test(text);
}

/**
 * Path of an object relative to a cache or remote: `files/md5/ab/cdef…` as DVC 3 has it, `ab/cdef…` for what DVC 2 hashed.
 * @param md5 a digest that `isContentDigest` accepts
 */
export function objectPath(md5: string, scheme: HashScheme): string {
  if (!isContentDigest(md5)) throw new Error(`not a digest: ${md5}`);
  const path = `${md5.slice(0, 2)}/${md5.slice(2)}`;
  return scheme === 'md5' ? `files/md5/${path}` : path;
}

/** Path of an entry of the run cache, relative to a cache or remote: `runs/ab/abcdef…/value`. */
export function runPath(key: string, value: string): string {
  for (const digest of [key, value]) {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`not a key of the run cache: ${digest}`);
  }
  return `runs/${key.slice(0, 2)}/${key}/${value}`;
}
