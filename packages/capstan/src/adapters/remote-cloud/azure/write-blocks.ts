import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pieceOf } from '../rest/file-pieces.ts';
import type { RestCall } from '../rest/rest-calls.ts';

const BLOCK_BYTES = 8 << 20;
/** Azure takes no more than so many blocks of one file. */
const MOST_BLOCKS = 50_000;
const BLOCKS_AT_ONCE = 4;

/**
 * Sends a large file in blocks, a few at once, each held in memory; the list of them makes the file. Blocks that never
 * come into a list are dropped by Azure after a week.
 * @param put sends a call to the file's address with this query, and throws where it is refused
 */
export async function writeInBlocks(
  put: (query: string, call: Pick<RestCall, 'body' | 'headers'>) => Promise<IncomingMessage>,
  { handle, size }: { readonly handle: FileHandle; readonly size: number },
): Promise<void> {
  const blockBytes = Math.max(BLOCK_BYTES, Math.ceil(size / MOST_BLOCKS));
  const count = Math.ceil(size / blockBytes);
  // All ids of a file have one length.
  const ids = Array.from({ length: count }, (_, index) =>
    Buffer.from(String(index).padStart(6, '0')).toString('base64'),
  );
  const left = [...ids.entries()];
  const sendSome = async (): Promise<void> => {
    for (let block = left.shift(); block !== undefined; block = left.shift()) {
      const [index, id] = block;
      const start = index * blockBytes;
      const body = await pieceOf(handle, start, Math.min(blockBytes, size - start));
      (await put(`comp=block&blockid=${encodeURIComponent(id)}`, { body })).resume();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: BLOCKS_AT_ONCE }, sendSome));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  const list = ids.map((id) => `<Latest>${id}</Latest>`).join('');
  const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`);
  const headers = { 'content-type': 'application/xml', 'x-ms-blob-content-type': 'application/octet-stream' };
  (await put('comp=blocklist', { body, headers })).resume();
}
