// What the options of a remote in Google Cloud Storage mean, as dvc reads them.
import { posix } from 'node:path';
import { remoteError, type RemoteSettings } from '#ports/object-remote';

type Env = Readonly<Record<string, string | undefined>>;

export interface GsSettings {
  readonly name: string;
  readonly address: string;
  readonly bucket: string;
  /** Before every path: empty, or ending in `/`. */
  readonly prefix: string;
  /** Without a `/` at its end. */
  readonly endpoint: string;
  readonly project: string | undefined;
  readonly keyFile: string | undefined;
  readonly isAnonymous: boolean;
}

const GOOGLE = 'https://storage.googleapis.com';

/** @throws DomainError INVALID_ARGUMENT for an url without a bucket, and an endpoint that is no address */
export function gsSettings({ name, url, options }: RemoteSettings, env: Env): GsSettings {
  const [, bucket = '', path = ''] = /^gs:\/\/([^/]+)\/?(.*)$/i.exec(url) ?? [];
  const address = url.replace(/\/$/, '');
  const cleaned = posix.normalize(path).replace(/^\.?\/?|\/$/g, '');
  const get = (option: string): string | undefined => options.get(option) || undefined;
  const unfit = (what: string, hint: string) => remoteError({ name, address }, 'unfit', what, { hint });
  if (bucket === '') throw unfit('an address without a bucket', 'Write gs://BUCKET/PATH.');
  // The emulators' variable may be a bare host, and `default` for none.
  const emulator = env['STORAGE_EMULATOR_HOST'];
  const emulated =
    emulator === undefined || emulator === '' || emulator === 'default' ? undefined : withScheme(emulator);
  const endpoint = get('endpointurl') ?? emulated ?? GOOGLE;
  if (!URL.canParse(endpoint)) {
    throw unfit(`an endpointurl that is no address: ${endpoint}`, 'Write it as https://HOST.');
  }
  return {
    name,
    address,
    bucket,
    prefix: cleaned === '' ? '' : `${cleaned}/`,
    endpoint: endpoint.replace(/\/+$/, ''),
    project: get('projectname') ?? env['GOOGLE_CLOUD_PROJECT'],
    keyFile: get('credentialpath'),
    isAnonymous: get('allow_anonymous_login')?.toLowerCase() === 'true' || endpoint === emulated,
  };
}

const withScheme = (host: string): string => (host.includes('://') ? host : `http://${host}`);
