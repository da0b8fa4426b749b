import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Answers by itself, and returns false then. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;

/** For a server that keeps what is sent to it under a folder, as a file server with WebDAV's PUT does. */
export function fileServer(folder: string, guard: Guard = () => true): RequestListener {
  return (request, response) => {
    const path = join(
      folder,
      ...(request.url ?? '').split('/').map(decodeURIComponent).filter(Boolean).map(encodeURIComponent),
    );
    const end = (status: number): void => void response.writeHead(status).end();
    if (!guard(request, response)) return;
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    if (request.method === 'POST') {
      mkdirSync(dirname(path), { recursive: true });
      const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
      pipeline(request, createWriteStream(temporary)).then(
        () => {
          renameSync(temporary, path);
          end(201);
        },
        () => rmSync(temporary, { force: true }),
      );
    } else if (!isFile) end(404);
    else {
      response.setHeader('content-length', statSync(path).size);
      if (request.method === 'HEAD') response.end();
      else pipeline(createReadStream(path), response).catch(() => {});
    }
  };
}
