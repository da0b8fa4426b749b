import { open } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';

/** Pieces of this size go through the same memory. */
const PIECE_BYTES = 65_536;

interface Answered {
  readonly status: number;
  readonly text: string;
}

/**
 * Posts a file in pieces, one memory for all of them. A file as one body costs its size twice in buffers, and megabytes of
 * these every second make V8 collect everything, which holds up whoever is being answered for ten milliseconds.
 * @throws Error when nobody answers within the time
 */
export async function postFile(
  url: string,
  path: string,
  { headers, timeoutMs }: { readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<Answered> {
  // Not by import: see http/problem.ts.
  const { request: begin } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const signal = AbortSignal.timeout(timeoutMs);
    const request = begin(url, { method: 'POST', headers: { ...headers, 'content-length': size }, signal });
    const answered = answerTo(request);
    // Heard of below, when the pieces are out or cannot go out.
    answered.catch(() => {});
    const memory = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; at < size && !request.destroyed;) {
      const { bytesRead } = await file.read(memory, 0, PIECE_BYTES, at);
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was sent`);
      at += bytesRead;
      await written(request, memory.subarray(0, bytesRead));
    }
    request.end();
    return await answered;
  } finally {
    await file.close();
  }
}

/** Resolves when the piece is with the operating system; also when the request is over: its answer, or its end, says why. */
function written(request: ClientRequest, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      request.off('close', over);
      resolve();
    };
    request.once('close', over);
    request.write(piece, over);
  });
}

async function answerTo(request: ClientRequest): Promise<Answered> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  response.setEncoding('utf8');
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode ?? 0, text };
}
