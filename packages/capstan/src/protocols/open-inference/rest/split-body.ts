import { invalid } from '#kernel/errors';

export const HEADER_LENGTH = 'inference-header-content-length';

/** A body in its parts, by the binary tensor data extension. */
export interface BodyParts {
  /** Empty where the body is the bytes of the only input and nothing else. */
  readonly json: Buffer;
  /** What is behind the JSON; undefined where the request does not use the extension. */
  readonly binary: Buffer | undefined;
}

/** @throws DomainError INVALID_ARGUMENT when the length of the JSON is no number or more than there is */
export function splitBody(bytes: Buffer, header: string | string[] | undefined): BodyParts {
  if (header === undefined) return { json: bytes, binary: undefined };
  const written = String(header).trim();
  const length = Number(written);
  const field = 'Inference-Header-Content-Length';
  if (!/^\d+$/.test(written) || !Number.isSafeInteger(length)) {
    throw invalid(`${field} is '${written.slice(0, 60)}', which is no length`, { field });
  }
  if (length > bytes.length) {
    throw invalid(`${field} is ${length}, but the body has ${bytes.length} bytes`, {
      field,
      hint: 'It counts the bytes of the JSON before compression.',
    });
  }
  return { json: bytes.subarray(0, length), binary: bytes.subarray(length) };
}
