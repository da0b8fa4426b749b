import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '#database';
import { DomainError } from '#kernel/errors';
import { linkKey } from './link-key.store.ts';

/** What a link allows, to whoever has it, until it expires. */
const grant = z.discriminatedUnion('to', [
  z.strictObject({
    to: z.literal('read'),
    path: z.string(),
    digest: z.templateLiteral(['sha256:', z.string()]),
    sizeBytes: z.int(),
  }),
  z.strictObject({ to: z.literal('write'), kind: z.enum(['run', 'logged-model']), id: z.string(), path: z.string() }),
]);
const signedGrant = z.strictObject({ grant, expiresAt: z.int() });

export type LinkGrant = z.output<typeof grant>;

export interface SignedLinks {
  /** Text for an address that allows this and nothing else for so long, by real time. */
  sign(allowed: LinkGrant, lifeMs: number): Promise<string>;
  /** @throws DomainError PERMISSION_DENIED for a text that this server did not sign, or that has expired */
  read(token: string): Promise<LinkGrant>;
}

const KEY_BYTES = 32;

/** HMAC-SHA-256 over the grant, with a key of the installation that is made when first needed. */
export function createSignedLinks(database: Database): SignedLinks {
  const fresh = randomBytes(KEY_BYTES).toString('hex');
  const mark = async (body: string): Promise<Buffer> =>
    createHmac('sha256', Buffer.from(await linkKey(database, fresh), 'hex'))
      .update(body)
      .digest();

  return {
    async sign(allowed, lifeMs) {
      const content = { grant: allowed, expiresAt: Date.now() + lifeMs };
      const body = Buffer.from(JSON.stringify(content)).toString('base64url');
      return `${body}.${(await mark(body)).toString('base64url')}`;
    },
    async read(token) {
      const [body = '', given = ''] = token.split('.');
      const wanted = await mark(body);
      const signature = Buffer.from(given, 'base64url');
      if (signature.length !== wanted.length || !timingSafeEqual(signature, wanted)) throw noLink();
      const { grant: allowed, expiresAt } = signedGrant.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
      if (expiresAt <= Date.now()) throw noLink();
      return allowed;
    },
  };
}

function noLink(): DomainError {
  return new DomainError('PERMISSION_DENIED', 'The link is not one of this server, or has expired', {
    hint: 'Ask for a new one.',
  });
}
