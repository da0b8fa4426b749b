// The calls that are made for each object of a push or pull, without the SDK: to load it takes longer than to ask what a
// remote has, and each call through it most of a millisecond. Whatever is not simply done is done again by the SDK, which
// knows every way in which it can fail.
import { Pool } from 'undici';
import type { RemoteCall } from '#ports/object-remote';
import { exchange, type Answer } from './exchange.ts';
import { readListedKeys, type ListedKeys } from './listed-keys.ts';
import type { S3Settings } from './s3-settings.ts';
import { createSigner, escapePath, queryText, type Credentials } from './signature.ts';

/** Each is undefined where the SDK has to do it. */
export interface PlainCalls {
  has(path: string, call: RemoteCall): Promise<boolean | undefined>;
  list(prefix: string, next: string | undefined, call: RemoteCall): Promise<ListedKeys | undefined>;
  read(path: string, call: RemoteCall): Promise<Answer | undefined>;
  write(path: string, bytes: Buffer, call: RemoteCall): Promise<true | undefined>;
  close(): Promise<void>;
}

/** Where a bucket is and who signs. */
export interface S3Place {
  readonly base: URL;
  readonly region: string;
  credentials(): Promise<Credentials>;
}

interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly path: string;
  readonly query?: string;
  readonly body?: Buffer;
}

/** Names that stand for themselves in an address. */
const SIMPLE_BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Where the settings alone tell everything: a server of their own and a key. */
export function placeOfSettings(at: S3Settings, region: string): S3Place | undefined {
  const { endpoint, credentials, bucket } = at;
  if (endpoint === undefined || !credentials || !SIMPLE_BUCKET.test(bucket) || !URL.canParse(endpoint))
    return undefined;
  const base = new URL(endpoint);
  if (!/^https?:$/.test(base.protocol) || base.username !== '' || base.search !== '') return undefined;
  base.pathname = `${base.pathname.replace(/\/$/, '')}/${bucket}`;
  return { base, region, credentials: async () => credentials };
}

/** @returns undefined for settings whose calls need more than a signature */
export function createPlainCalls({ base, region, credentials }: S3Place, at: S3Settings): PlainCalls | undefined {
  if (at.isAnonymous || Object.keys(at.writeOptions).length > 0) return undefined;
  const sign = createSigner(region);
  const root = base.pathname.replace(/\/$/, '');
  const pool = new Pool(base.origin, {
    // As many as are asked for at once.
    connections: null,
    headersTimeout: at.readTimeoutMs,
    bodyTimeout: at.readTimeoutMs,
    connect: {
      timeout: at.connectTimeoutMs,
      ...(at.isUnverified && { rejectUnauthorized: false }),
      ...(at.authorities !== undefined && { ca: at.authorities }),
    },
  });
  /** What is refused once is not tried here again for each of many objects. */
  let isRefused = false;

  const ask = async (request: Request, call: RemoteCall): Promise<Answer | undefined> => {
    if (isRefused) return undefined;
    try {
      const { method, query = '', body } = request;
      const path = `${root}/${escapePath(request.path)}`;
      const headers = sign({ method, host: base.host, path, query, body }, await credentials(), new Date());
      const whole = { method, path: query === '' ? path : `${path}?${query}`, headers, body: body ?? null };
      const answer = await exchange(pool, whole, call.signal);
      if (answer.status === 200 || answer.status === 404) return answer;
      isRefused ||= answer.status < 500;
      return undefined;
    } catch (error) {
      if (call.signal?.aborted) throw error;
      return undefined;
    }
  };
  const done = async (request: Request, call: RemoteCall): Promise<Answer | undefined> => {
    const answer = await ask(request, call);
    return answer?.status === 200 ? answer : undefined;
  };

  return {
    async has(path, call) {
      const answer = await ask({ method: 'HEAD', path: `${at.prefix}${path}` }, call);
      return answer && answer.status === 200;
    },
    async list(prefix, next, call) {
      const query = queryText({
        'list-type': '2',
        'max-keys': String(KEYS_A_PAGE),
        prefix: prefix === '' ? undefined : prefix,
        'continuation-token': next,
      });
      const answer = await done({ method: 'GET', path: '', query }, call);
      if (!answer) return undefined;
      const pieces: Buffer[] = [];
      for await (const piece of answer.pieces) pieces.push(piece);
      return readListedKeys(Buffer.concat(pieces).toString('utf8'));
    },
    read: async (path, call) => await done({ method: 'GET', path: `${at.prefix}${path}` }, call),
    async write(path, body, call) {
      return (await done({ method: 'PUT', path: `${at.prefix}${path}`, body }, call)) && true;
    },
    close: async () => await pool.destroy(),
  };
}

export const KEYS_A_PAGE = 1_000;
