import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DomainError } from '#kernel/errors';
import { watchMemory } from '#ports/resident-memory';
import { tooLarge, unreadableParquet, type ParquetColumns, type ReadParquetRequest } from './read-parquet.ts';

export type ParquetReply =
  | { readonly table: ParquetColumns }
  | { readonly failure: Pick<DomainError, 'code' | 'message' | 'field' | 'hint'> };

/** A process that reads one file at a time. */
export interface ParquetProcess {
  /** @throws DomainError as `readParquet` does, or for a file that ends the process; the reason of `signal`, which ends it */
  read(request: ReadParquetRequest, signal: AbortSignal): Promise<ParquetColumns>;
  kill(): void;
}

const HEAP_MIB = 768;
const LAST_WORDS_CHARACTERS = 2_000;

/** Starts one, with an empty environment. `onEnd` hears of its end. */
export function startParquetProcess(maxMemoryBytes: number, onEnd: () => void): ParquetProcess {
  const entry = fileURLToPath(new URL('./parquet-host.ts', import.meta.url));
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, entry], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let waiting: PromiseWithResolvers<ParquetColumns> | undefined;
  let ended: Error | undefined;
  let isTooLarge = false;
  let lastWords = '';
  const end = (error: Error): void => {
    if (ended) return;
    ended = error;
    unwatch();
    waiting?.reject(error);
    onEnd();
  };
  const unwatch = watchMemory(child.pid, maxMemoryBytes, () => {
    isTooLarge = true;
    child.kill('SIGKILL');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
  });
  child.on('message', (reply: ParquetReply) => {
    if ('table' in reply) waiting?.resolve(reply.table);
    else waiting?.reject(new DomainError(reply.failure.code, reply.failure.message, factsOf(reply.failure)));
  });
  child.on('error', (cause) => end(new DomainError('UNAVAILABLE', 'The reader of Parquet cannot start', { cause })));
  child.on('close', (code, signal) => {
    const isFull = isTooLarge || /heap out of memory|bad_alloc/.test(lastWords);
    if (isFull) end(tooLarge('The Parquet body takes more memory than there is for it'));
    else end(unreadableParquet(`The Parquet body cannot be read: its reader ended with ${signal ?? `code ${code}`}`));
  });
  // The plane's own end does not wait for it.
  child.unref();
  child.channel?.unref();

  return {
    async read(request, signal) {
      if (ended) throw ended;
      signal.throwIfAborted();
      waiting = Promise.withResolvers();
      const stop = (): void => {
        // Before it is gone, which may take a while: what comes next gets another process.
        end(signal.reason as Error);
        child.kill('SIGKILL');
      };
      signal.addEventListener('abort', stop, { once: true });
      try {
        child.send(request, () => {});
        return await waiting.promise;
      } finally {
        signal.removeEventListener('abort', stop);
        waiting = undefined;
      }
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function factsOf({ field, hint }: { readonly field: string | undefined; readonly hint: string | undefined }) {
  return { ...(field !== undefined && { field }), ...(hint !== undefined && { hint }) };
}
