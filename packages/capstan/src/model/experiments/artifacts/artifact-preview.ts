import type { Readable } from 'node:stream';
import type { ByteRange } from '#ports/blob-store';
import { mediaTypeOf } from './media-type.ts';
import type { ArtifactFile } from '../model.ts';

export interface ArtifactPreview {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly mediaType: string;
  /** Null for a file that is no text. */
  readonly text: string | null;
  readonly isWhole: boolean;
}

/** The head of a file as text. Reads no more than `bytes`, however large the file is. */
export async function previewOf(
  file: ArtifactFile,
  bytes: number,
  read: (file: ArtifactFile, range?: ByteRange) => Promise<Readable>,
): Promise<ArtifactPreview> {
  const isWhole = file.sizeBytes <= bytes;
  const head =
    file.sizeBytes === 0
      ? Buffer.alloc(0)
      : await collect(await read(file, { start: 0, end: Math.min(bytes, file.sizeBytes) - 1 }));
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    digest: file.digest,
    mediaType: mediaTypeOf(file.path),
    text: asText(head, isWhole),
    isWhole,
  };
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** UTF-8 without NUL; a character cut at the end is left out. */
function asText(head: Buffer, isWhole: boolean): string | null {
  if (head.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(head, { stream: !isWhole });
  } catch {
    return null;
  }
}
