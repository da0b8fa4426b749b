import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { LentBytes } from '#ports/blob-store';
import type { RawReply } from './bind.ts';

/**
 * Answers with bytes whose memory is used again: each piece is with the operating system before the next is asked for.
 * What fails before the first is thrown, and answered as an error; later only a broken connection can tell.
 */
export async function sendLent(reply: FastifyReply, answer: RawReply, bytes: LentBytes): Promise<void> {
  const pieces = bytes[Symbol.asyncIterator]();
  try {
    let next = await pieces.next();
    const { raw } = reply.code(answer.status).headers(answer.headers ?? {});
    reply.hijack();
    raw.writeHead(answer.status, reply.getHeaders() as Record<string, string>);
    try {
      for (; next.done !== true; next = await pieces.next()) await written(raw, reply.request.raw.socket, next.value);
      raw.end();
    } catch (error) {
      // Whoever hangs up does so every day.
      if (!reply.request.raw.socket.destroyed)
        reply.log.error({ err: error, requestId: reply.request.id }, 'an answer broke off');
      raw.destroy();
    }
  } finally {
    await bytes.close();
  }
}

/** A response that waits for the one before it on its connection never hears that the connection is gone: the socket tells. */
async function written(raw: ServerResponse, socket: Socket, piece: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (error?: Error | null): void => {
      socket.off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = (): void => end(new Error('the connection is closed'));
    socket.once('close', onClose);
    if (socket.destroyed) onClose();
    else raw.write(piece, end);
  });
}
