// How secrets are kept: AES-256-GCM, so that who reads the database alone does not have them.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { conflict } from '#kernel/errors';

const FORMAT = 'v1';

export function seal(key: Buffer, secret: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return [FORMAT, nonce, cipher.getAuthTag(), sealed]
    .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
    .join('.');
}

/** @throws DomainError CONFLICT when it was sealed with another key, or damaged */
export function unseal(key: Buffer, text: string): string {
  const [format, ...parts] = text.split('.');
  const [nonce, tag, sealed] = parts.map((part) => Buffer.from(part, 'base64url'));
  try {
    if (format !== FORMAT || !nonce || !tag || !sealed) throw new Error('not sealed here');
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw conflict('The secret of the webhook was stored with another key', {
      hint: 'Give CAPSTAN_SECRET_KEY, or the data directory, that the server had then; or set the secret anew.',
      cause,
    });
  }
}
