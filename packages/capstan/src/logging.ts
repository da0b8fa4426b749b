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
