import { promisify } from 'node:util';
import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { DomainError, invalid, messageOf } from '#kernel/errors';

const MAX_BYTES = 67_108_864;
const decoders = { gzip: promisify(gunzip), deflate: promisify(inflate) };
const encoders = { gzip: promisify(gzip), deflate: promisify(deflate) };
/** Smaller answers are sent sooner than compressed. */
const LEAST_COMPRESSED_BYTES = 1_024;
/** Tensors hardly get smaller by more effort. */
const LEVEL = 1;

type Header = string | string[] | undefined;

/**
 * The body as it was before the sender compressed it; no more than a fixed number of bytes comes out.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, INVALID_ARGUMENT
 */
export async function decodedBytes(bytes: Buffer, encoding: Header): Promise<Buffer> {
  if (encoding === undefined) return bytes;
  const name = String(encoding).trim().toLowerCase();
  if (name === 'identity' || name === '') return bytes;
  if (name !== 'gzip' && name !== 'deflate') {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding '${name}' is not taken; gzip and deflate are`);
  }
  try {
    return await decoders[name](bytes, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new DomainError('TOO_LARGE', `The body unpacks to more than ${MAX_BYTES} bytes`, { cause });
    throw invalid(`The body is not ${name}: ${messageOf(cause)}`, { field: 'body', cause });
  }
}

/** What of gzip and deflate the caller takes, as its Accept-Encoding ranks them; undefined for neither. */
function acceptedEncoding(header: Header): 'gzip' | 'deflate' | undefined {
  if (header === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of String(header).toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  const [gzipWeight, deflateWeight] = [weightOf('gzip'), weightOf('deflate')];
  if (gzipWeight === 0 && deflateWeight === 0) return undefined;
  return gzipWeight >= deflateWeight ? 'gzip' : 'deflate';
}

/** An answer as its caller takes it. Lengths that are said within it are those before it was compressed. */
export async function encodedBytes(
  body: string | Uint8Array,
  accepted: Header,
): Promise<{ readonly body: string | Uint8Array; readonly headers: Readonly<Record<string, string>> }> {
  const name = body.length < LEAST_COMPRESSED_BYTES ? undefined : acceptedEncoding(accepted);
  if (name === undefined) return { body, headers: {} };
  return { body: await encoders[name](body, { level: LEVEL }), headers: { 'content-encoding': name } };
}
