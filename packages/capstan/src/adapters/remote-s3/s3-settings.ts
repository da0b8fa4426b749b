// What the options of an S3 remote mean, as dvc reads them.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { remoteError, type RemoteSettings } from '#ports/object-remote';
import type { Credentials } from './signature.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface S3Settings {
  readonly name: string;
  readonly address: string;
  readonly bucket: string;
  /** Before every path: empty, or ending in `/`. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly credentialsFile: string | undefined;
  readonly configFile: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly isAnonymous: boolean;
  /** Whoever answers is taken for the server. */
  readonly isUnverified: boolean;
  /** Certificates of the only authorities that are trusted. */
  readonly authorities: Buffer | undefined;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Of each write, as the SDK names them. */
  readonly writeOptions: Readonly<Record<string, string>>;
}

const TIMEOUT_S = 60;

/** Option of dvc → parameter of PutObject. */
const WRITE_OPTIONS: Readonly<Record<string, string>> = {
  sse: 'ServerSideEncryption',
  sse_kms_key_id: 'SSEKMSKeyId',
  sse_customer_algorithm: 'SSECustomerAlgorithm',
  sse_customer_key: 'SSECustomerKey',
  acl: 'ACL',
  grant_full_control: 'GrantFullControl',
  grant_read: 'GrantRead',
  grant_read_acp: 'GrantReadACP',
  grant_write_acp: 'GrantWriteACP',
};

/** Parameters that reads of a file need as well. */
export const CUSTOMER_KEY = ['SSECustomerAlgorithm', 'SSECustomerKey'] as const;

/** @throws DomainError INVALID_ARGUMENT for an url without a bucket, and for half of a key */
export function s3Settings({ name, url, options }: RemoteSettings, env: Env): S3Settings {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  const address = url.replace(/\/$/, '');
  const cleaned = posix.normalize(path).replace(/^\.?\/?|\/$/g, '');
  const get = (option: string): string | undefined => options.get(option) || undefined;
  const unfit = (what: string, hint: string) => remoteError({ name, address }, 'unfit', what, { hint });
  if (bucket === '') throw unfit('an address without a bucket', 'Write s3://BUCKET/PATH.');
  const [accessKeyId, secretAccessKey] = [get('access_key_id'), get('secret_access_key')];
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw unfit('half of a key', 'Set both access_key_id and secret_access_key, in .dvc/config.local.');
  }
  const profile = get('profile') ?? env['AWS_PROFILE'];
  const seconds = (option: string): number => Number(get(option) ?? TIMEOUT_S) * 1_000;
  const endpoint = get('endpointurl') ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const verify = get('ssl_verify');
  const isPlain = get('use_ssl')?.toLowerCase() === 'false';
  return {
    name,
    address,
    bucket,
    prefix: cleaned === '' ? '' : `${cleaned}/`,
    endpoint: endpoint !== undefined && isPlain ? endpoint.replace(/^https:/, 'http:') : endpoint,
    region: get('region') ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    profile,
    credentialsFile: get('credentialpath'),
    configFile: get('configpath'),
    credentials:
      credentialsOf(accessKeyId, secretAccessKey, get('session_token')) ??
      (profile === undefined
        ? credentialsOf(env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN'])
        : undefined),
    isAnonymous: get('allow_anonymous_login')?.toLowerCase() === 'true',
    isUnverified: verify?.toLowerCase() === 'false',
    authorities: /^(?:true|false)?$/i.test(verify ?? '') ? undefined : authoritiesIn(verify ?? '', unfit),
    connectTimeoutMs: seconds('connect_timeout'),
    readTimeoutMs: seconds('read_timeout'),
    writeOptions: Object.fromEntries(
      Object.entries(WRITE_OPTIONS).flatMap(([option, parameter]) => {
        const value = get(option);
        return value === undefined ? [] : [[parameter, value]];
      }),
    ),
  };
}

function credentialsOf(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): Credentials | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

function authoritiesIn(file: string, unfit: (what: string, hint: string) => Error): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw unfit(`the certificates in ${file}, which cannot be read`, 'Correct ssl_verify of the remote.');
  }
}
