// AWS Signature Version 4, as S3 asks for it on every call (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
// The SDK's own signer takes most of the time of a small call; this one is two hashes and one HMAC, the key once a day.
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface CallToSign {
  readonly method: string;
  /** As `Host` tells it. */
  readonly host: string;
  /** Escaped by `escapePath`. */
  readonly path: string;
  /** By `queryText`. */
  readonly query: string;
  readonly body: Buffer | undefined;
}

/** Headers that are to be sent with the call, which has no others that begin with `x-amz-`. */
export type Sign = (call: CallToSign, who: Credentials, now: Date) => Record<string, string>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 's3';
const LAST_WORD = 'aws4_request';
const NOTHING = hash('sha256', '');
const SECOND_MS = 1_000;

export function createSigner(region: string): Sign {
  const timeText = createTimeText();
  let known: { readonly secret: string; readonly day: string; readonly key: KeyObject } | undefined;
  const keyFor = (secret: string, day: string): KeyObject => {
    if (known?.secret === secret && known.day === day) return known.key;
    let bytes = Buffer.from(`AWS4${secret}`);
    for (const word of [day, region, SERVICE, LAST_WORD]) bytes = mac(createSecretKey(bytes), word);
    // As an object: to make one of bytes takes longer than all the rest.
    known = { secret, day, key: createSecretKey(bytes) };
    return known.key;
  };

  return ({ method, host, path, query, body }, { accessKeyId, secretAccessKey, sessionToken }, now) => {
    const time = timeText(now);
    const day = time.slice(0, 'YYYYMMDD'.length);
    const digest = body ? hash('sha256', body) : NOTHING;
    const headers: Record<string, string> = {
      'x-amz-content-sha256': digest,
      'x-amz-date': time,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    };
    const names = ['host', ...Object.keys(headers)];
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}:${value}\n`);
    const signed = names.join(';');
    const request = [method, path, query, lines.join(''), signed, digest].join('\n');
    const scope = [day, region, SERVICE, LAST_WORD].join('/');
    const text = [ALGORITHM, time, scope, hash('sha256', request)].join('\n');
    const signature = mac(keyFor(secretAccessKey, day), text).toString('hex');
    const credential = `${accessKeyId}/${scope}`;
    headers['authorization'] = `${ALGORITHM} Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`;
    return headers;
  };
}

/** `20130524T000000Z`, made once a second. */
function createTimeText(): (now: Date) => string {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const at = Math.floor(now.getTime() / SECOND_MS);
    if (at !== second) text = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
    second = at;
    return text;
  };
}

/** The path of a key, as it is sent and as it is signed. */
export function escapePath(key: string): string {
  return /^[\w./~-]*$/.test(key) ? key : escaped(key).replaceAll('%2F', '/');
}

/** Sorted by name, as it is sent and as it is signed; parameters without a value are left out. */
export function queryText(parameters: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${escaped(name)}=${escaped(value)}`]))
    .toSorted()
    .join('&');
}

function escaped(text: string): string {
  const escape = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, escape);
}

function mac(key: KeyObject, text: string): Buffer<ArrayBuffer> {
  return createHmac('sha256', key).update(text).digest();
}
