import type { ByteRange, LentBytes } from '#ports/blob-store';
import { mediaTypeOf } from '#http';
import type { ArtifactFile } from '../model.ts';

export interface ArtifactPreview {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly mediaType: string;
  /** Null for a file that is no text. */
  readonly text: string | null;
  readonly isWhole: boolean;
  /** Where to go on reading; absent at the end and for what is no text. */
  readonly nextFrom?: number;
}

/** Part of a file as text. Reads no more than `bytes`, however large the file is. */
export async function previewOf(
  file: ArtifactFile,
  { start, bytes }: { readonly start: number; readonly bytes: number },
  read: (file: ArtifactFile, range?: ByteRange) => Promise<LentBytes>,
): Promise<ArtifactPreview> {
  const end = Math.min(start + bytes, file.sizeBytes);
  const isAtEnd = end === file.sizeBytes;
  const part = end <= start ? Buffer.alloc(0) : await collect(await read(file, { start, end: end - 1 }));
  const text = asText(part, isAtEnd);
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    digest: file.digest,
    mediaType: mediaTypeOf(file.path),
    text,
    isWhole: start === 0 && isAtEnd,
    ...(text !== null && !isAtEnd && { nextFrom: start + Buffer.byteLength(text) }),
  };
}

async function collect(lent: LentBytes): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of lent) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** UTF-8 without NUL; a character cut at the end is left out. */
function asText(part: Buffer, isAtEnd: boolean): string | null {
  if (part.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part, { stream: !isAtEnd });
  } catch {
    return null;
  }
}
