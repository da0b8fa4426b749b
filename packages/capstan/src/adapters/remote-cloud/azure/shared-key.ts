import { createHmac } from 'node:crypto';

export interface SignedCall {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names; those that begin with `x-ms-` are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentLength: number;
}

/** Headers besides `content-length` and the `x-ms-` ones, in the order in which they are signed. */
const BEFORE_LENGTH = ['content-encoding', 'content-language'];
const AFTER_LENGTH = [
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/**
 * The `authorization` of a call, by the key of an account.
 * @see https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 */
export function sharedKeyOf(
  { account, key }: { readonly account: string; readonly key: string },
  { method, url, headers, contentLength }: SignedCall,
): string {
  const valuesOf = (names: readonly string[]) => names.map((name) => headers[name] ?? '');
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .toSorted()
    .map((name) => `${name}:${headers[name]?.trim()}`);
  const query = queryOf(url).map(([name, value]) => `\n${name}:${value}`);
  const lines = [
    method,
    ...valuesOf(BEFORE_LENGTH),
    contentLength === 0 ? '' : String(contentLength),
    ...valuesOf(AFTER_LENGTH),
    ...own,
    `/${account}${url.pathname}${query.join('')}`,
  ];
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(lines.join('\n')).digest('base64');
  return `SharedKey ${account}:${signature}`;
}

/** Decoded, by names in lower case. Each of our calls has a name at most once. */
function queryOf(url: URL): (readonly [string, string])[] {
  return url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).toLowerCase(), decodeURIComponent(pair.slice(at + 1))] as const;
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
