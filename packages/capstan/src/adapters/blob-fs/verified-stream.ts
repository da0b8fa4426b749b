import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { Digest } from '#ports/blob-store';
import { dataLoss } from './storage-errors.ts';

/**
 * Passes bytes on and checks their digest. The last piece is held back until the check is done, so that a receiver of
 * damaged bytes never gets as many as it was told and cannot take them for whole. Fails with DomainError DATA_LOSS.
 */
export function verifiedStream(digest: Digest): Transform {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      const previous = held;
      held = piece;
      done(null, previous);
    },
    flush(done) {
      if (`sha256:${hash.digest('hex')}` !== digest) done(dataLoss(digest));
      else done(null, held);
    },
  });
}
