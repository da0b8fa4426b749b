import { DomainError } from '#kernel/errors';
import { bytesHash, streamHash, type StreamHash } from '../hashing/md5-file.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { ObjectCache } from './object-cache.ts';
import { beginIncoming, placeBytes } from './object-files.ts';

/** Up to this size an object is written in one go. */
const HELD_BYTES = 1 << 20;

/**
 * Takes an object that comes from elsewhere: hashed as it arrives, and under its name only when its bytes are those of the
 * name. One that is there is replaced.
 * @returns its size
 * @throws DomainError DATA_LOSS for other bytes; STORAGE_FULL; what the bytes throw. Nothing is left then
 */
export async function receiveObject(
  cache: ObjectCache,
  id: ObjectId,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number> {
  const object = cache.fileOf(id);
  let held: Uint8Array[] = [];
  let sizeBytes = 0;
  let hash: StreamHash | undefined;
  let incoming: Awaited<ReturnType<typeof beginIncoming>> | undefined;
  try {
    for await (const piece of bytes) {
      sizeBytes += piece.length;
      held.push(piece);
      if (sizeBytes <= HELD_BYTES && !incoming) continue;
      hash ??= streamHash(id.scheme);
      incoming ??= await beginIncoming(cache.folder);
      for (const each of held) {
        hash.update(each);
        await incoming.write(each);
      }
      held = [];
    }
    const whole = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    const digest = hash ? hash.digest() : bytesHash(whole, id.scheme);
    if (`${digest}${isFolderId(id) ? '.dir' : ''}` !== id.md5) throw wrongBytes(id);
    if (incoming) await incoming.keep(object);
    else placeBytes(object, whole);
    return sizeBytes;
  } catch (error) {
    throw asFull(error, object);
  } finally {
    await incoming?.drop();
  }
}

function wrongBytes({ md5 }: ObjectId): DomainError {
  return new DomainError(
    'DATA_LOSS',
    `The object ${md5} is damaged on the remote: its bytes are not those of its name`,
    {
      hint: 'Remove it there, and push it again from a checkout that has it whole.',
    },
  );
}

function asFull(error: unknown, object: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new DomainError('STORAGE_FULL', `There is no space left for ${object} in the cache`, {
    field: object,
    hint: 'Free some space and do this again: what has arrived already stays.',
    cause: error,
  });
}
