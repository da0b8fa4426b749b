import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';

const unpackers = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  rawDeflate: promisify(inflateRaw),
} as const;

/** What a body that cannot be unpacked is refused for. */
export type UnpackFailure = 'unknown' | 'too-large' | 'broken';

/**
 * A body by its Content-Encoding: gzip, or deflate with or without the wrapper that some clients leave out. What would
 * unpack to more than the limit is given up on the way.
 */
export async function unpack(body: Buffer, encoding: string, limitBytes: number): Promise<Buffer | UnpackFailure> {
  const options = { maxOutputLength: limitBytes };
  try {
    switch (encoding) {
      case '':
      case 'identity':
        return body;
      case 'gzip':
        return await unpackers.gzip(body, options);
      case 'deflate':
        return await unpackers.deflate(body, options).catch(async (error: unknown) => {
          if (isTooLarge(error)) throw error;
          return await unpackers.rawDeflate(body, options);
        });
      default:
        return 'unknown';
    }
  } catch (error) {
    return isTooLarge(error) ? 'too-large' : 'broken';
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError;
}
