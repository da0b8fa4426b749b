import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { DomainError, invalid, messageOf } from '#kernel/errors';

const MAX_BYTES = 67_108_864;
const decoders = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/**
 * The body as it was before the sender compressed it; no more than a fixed number of bytes comes out.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, INVALID_ARGUMENT
 */
export async function decodedBytes(bytes: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return bytes;
  if (name !== 'gzip' && name !== 'deflate') {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding '${name}' is not taken; gzip and deflate are`);
  }
  try {
    return await decoders[name](bytes, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new DomainError('TOO_LARGE', `The body is larger than ${MAX_BYTES} bytes`, { cause });
    throw invalid(`The body is not ${name}: ${messageOf(cause)}`, { field: 'body', cause });
  }
}
