// What the options of an HTTP remote mean, as dvc reads them.
import { readFileSync } from 'node:fs';
import { remoteError, type RemoteSettings } from '#ports/object-remote';

export interface HttpSettings {
  readonly name: string;
  readonly address: string;
  /** Ends in `/`. */
  readonly base: URL;
  readonly method: string;
  /** Header of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Answers what a server asks for each call. */
  readonly digest: { readonly user: string; readonly password: string } | undefined;
  readonly tls: { readonly rejectUnauthorized?: false; readonly ca?: Buffer };
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

const TIMEOUT_S = 60;
const WRITE_METHOD = 'POST';

/** @throws DomainError INVALID_ARGUMENT for an url of no use, and where a way to sign in lacks what it needs */
export function httpSettings({ name, url, options }: RemoteSettings): HttpSettings {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const inUrl = { user: decodeURIComponent(base.username), password: decodeURIComponent(base.password) };
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  const address = base.href.replace(/\/$/, '');
  const get = (option: string): string | undefined => options.get(option) || undefined;
  const user = get('user') ?? (inUrl.user || undefined);
  const password = get('password') ?? (inUrl.password || undefined);
  const way = get('auth') ?? (inUrl.user === '' ? undefined : 'basic');
  const lacking = (what: string) =>
    remoteError({ name, address }, 'unfit', `the way to sign in '${way}' without ${what}`, {
      hint: `Set it with: dvc remote modify --local ${name} ${what.split(' ')[0]} VALUE.`,
    });
  const header = get('custom_auth_header');
  if (way !== undefined && password === undefined) throw lacking('password');
  if ((way === 'basic' || way === 'digest') && user === undefined) throw lacking('user');
  if (way === 'custom' && header === undefined) throw lacking('custom_auth_header');
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  const seconds = (option: string): number => Number(get(option) ?? TIMEOUT_S) * 1_000;
  return {
    name,
    address,
    base,
    method: (get('method') ?? WRITE_METHOD).toUpperCase(),
    headers: {
      ...(way === 'basic' && { authorization: `Basic ${basic}` }),
      ...(way === 'custom' && header !== undefined && password !== undefined && { [header]: password }),
    },
    digest: way === 'digest' && user !== undefined && password !== undefined ? { user, password } : undefined,
    tls: trustOf(get('ssl_verify')),
    connectTimeoutMs: seconds('connect_timeout'),
    readTimeoutMs: seconds('read_timeout'),
  };
}

function trustOf(value: string | undefined): HttpSettings['tls'] {
  if (value === undefined || value.toLowerCase() === 'true') return {};
  return value.toLowerCase() === 'false' ? { rejectUnauthorized: false } : { ca: readFileSync(value) };
}
