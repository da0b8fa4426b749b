// The Capstan server that things are brought to: the same calls as any client's, with patience while it is busy.
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, type Client } from '@capstan/client';
import { DomainError } from '#kernel/errors';
import { headersOf } from '../connect.ts';

/** Codes after which the same call may succeed. */
const RETRIED = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED']);
const TRIES = 8;
const FIRST_PAUSE_MS = 250;

export interface Target {
  readonly client: Client;
  /** A call that is sent again while the server does not answer or is busy: calls of an import may be repeated. */
  call<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Stores a file, and makes sure that what is stored is what was read. @throws DomainError DATA_LOSS when it is not */
  putFile(file: {
    readonly owner: string;
    readonly id: string;
    readonly path: string;
    readonly sizeBytes: number;
    readonly digest?: string | undefined;
    open(): Promise<Readable>;
  }): Promise<void>;
}

export function createTarget(client: Client, baseUrl: string): Target {
  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === TRIES || !(error instanceof ApiError) || !RETRIED.has(error.problem.code)) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** attempt);
      }
    }
  }
  return {
    client,
    call,
    putFile: (file) =>
      call(async () => {
        const query = new URLSearchParams({ path: file.path, sizeBytes: String(file.sizeBytes) });
        if (file.digest !== undefined) query.set('digest', file.digest);
        const hash = createHash('sha256');
        const counted = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            hash.update(chunk);
            done(null, chunk);
          },
        });
        const bytes = await file.open();
        bytes.once('error', (error) => counted.destroy(error));
        const body = Readable.toWeb(bytes.pipe(counted)) as ReadableStream;
        const address = `${baseUrl}/api/v1/imports/files/${file.owner}/${encodeURIComponent(file.id)}?${query.toString()}`;
        const stored = await send(address, body);
        const read = `sha256:${hash.digest('hex')}`;
        if (stored !== read) {
          throw new DomainError('DATA_LOSS', `'${file.path}' arrived as ${stored}, and was read as ${read}`);
        }
      }),
  };
}

/** The digest of what was stored. */
async function send(address: string, body: ReadableStream): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address, {
      method: 'PUT',
      headers: { ...headersOf(), 'content-type': 'application/octet-stream' },
      body,
      duplex: 'half',
    });
  } catch (cause) {
    throw new ApiError(
      {
        type: 'about:blank',
        title: 'Not reachable',
        status: 0,
        code: 'UNAVAILABLE',
        detail: 'The server hung up',
        requestId: '',
      },
      cause,
    );
  }
  const answer = (await response.json()) as { digest?: string; code?: string; detail?: string; title?: string };
  if (response.ok && answer.digest !== undefined) return answer.digest;
  throw new ApiError({
    type: 'about:blank',
    title: answer.title ?? '',
    status: response.status,
    code: answer.code ?? 'INTERNAL',
    detail: answer.detail ?? `The server answered ${response.status}`,
    requestId: '',
  });
}
