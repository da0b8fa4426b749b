import type { FileHandle } from 'node:fs/promises';

/**
 * Bytes of an open file in memory.
 * @throws Error where it has become shorter meanwhile
 */
export async function pieceOf(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(piece, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
    filled += bytesRead;
  }
  return piece;
}
