import { pino, type Logger } from 'pino';

const SECRET_KEYS = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'apiKey',
  'accessKey',
  'connectionString',
];
/** Credentials inside URLs, wherever they turn up in a line. */
const URL_CREDENTIALS = /(\w+:\/\/)[^\s/@"]+@/g;

export interface LineLog {
  write(line: string): void;
  /** Hands over what is still held. */
  flush(): void;
}

/** Whole lines in one write, so that those of several processes on one pipe do not mix (PIPE_BUF). */
const WRITE_BYTES = 4_096;
const LONGEST_HELD_MS = 500;
/** What a reader that has stopped reading may leave here; more is dropped. */
const HELD_BYTES = 8 * 2 ** 20;

/** Lines for stderr, written some at a time, beside the work that they tell of. */
export function createLineLog(): LineLog {
  const out = pino.destination({
    dest: 2,
    sync: false,
    minLength: WRITE_BYTES / 2,
    maxWrite: WRITE_BYTES,
    maxLength: HELD_BYTES,
    periodicFlush: LONGEST_HELD_MS,
  });
  return { write: (line) => void out.write(line), flush: () => out.flushSync() };
}

/** JSON lines on stderr, so that stdout stays for data. Secrets by key, and credentials in URLs, are masked. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '***' },
      hooks: { streamWrite: (line) => line.replaceAll(URL_CREDENTIALS, '$1***@') },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
