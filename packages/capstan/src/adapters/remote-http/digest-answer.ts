import { createHash, randomBytes } from 'node:crypto';

/** What a server that asks for digest authentication has said. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly opaque: string | undefined;
  readonly hasQop: boolean;
}

/** Undefined where the header asks for something else. */
export function readChallenge(header: string | undefined): DigestChallenge | undefined {
  if (header === undefined || !/^digest\s/i.test(header)) return undefined;
  const values = new Map<string, string>();
  for (const [, name = '', quoted, plain] of header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    values.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  const algorithm = (values.get('algorithm') ?? 'MD5').toUpperCase();
  const nonce = values.get('nonce');
  if (nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256')) return undefined;
  return {
    realm: values.get('realm') ?? '',
    nonce,
    algorithm,
    opaque: values.get('opaque'),
    hasQop: (values.get('qop') ?? '').split(/\s*,\s*/).includes('auth'),
  };
}

/** The header that answers a challenge, RFC 7616 with `qop=auth` (RFC 2069 where the server knows no other). */
export function answerOf(
  challenge: DigestChallenge,
  { user, password }: { readonly user: string; readonly password: string },
  { method, path, count }: { readonly method: string; readonly path: string; readonly count: number },
  clientNonce = randomBytes(8).toString('hex'),
): string {
  const { realm, nonce, algorithm, opaque, hasQop } = challenge;
  const hash = (text: string): string =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const counted = count.toString(16).padStart(8, '0');
  const secret = hash(`${user}:${realm}:${password}`);
  const asked = hash(`${method}:${path}`);
  const middle = hasQop ? `${nonce}:${counted}:${clientNonce}:auth` : nonce;
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const parts = [
    `username=${quoted(user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(path)}`,
    `algorithm=${algorithm}`,
    `response="${hash(`${secret}:${middle}:${asked}`)}"`,
    ...(hasQop ? ['qop=auth', `nc=${counted}`, `cnonce="${clientNonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
  ];
  return `Digest ${parts.join(', ')}`;
}
