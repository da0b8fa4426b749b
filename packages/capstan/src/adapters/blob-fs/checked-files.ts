import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Digest, LentBytes } from '#ports/blob-store';
import { DomainError } from '#kernel/errors';
import { lendBytes } from './lend-bytes.ts';

/** Files remembered as checked; past it the oldest is forgotten, which costs one more read. */
const MEMORY_LIMIT = 20_000;

/** Which files were seen to hold the bytes of their digest, so that a large one is not read again for each use. */
export interface CheckedFiles {
  /**
   * True when the file holds the bytes. Reads it unless it was checked before and has not changed since.
   * Throws the operating system's error (ENOENT) when it cannot be read.
   */
  isIntact(file: string, digest: Digest): Promise<boolean>;
  /** Notes that the file, as it is now, holds the bytes. A file that is gone by now is nothing to note. */
  remember(file: string): Promise<void>;
  forget(file: string): void;
}

export function createCheckedFiles(): CheckedFiles {
  const identities = new Map<string, string>();
  const reading = new Map<string, Promise<boolean>>();

  function note(file: string, identity: string): void {
    identities.delete(file);
    identities.set(file, identity);
    for (const oldest of identities.keys()) {
      if (identities.size <= MEMORY_LIMIT) break;
      identities.delete(oldest);
    }
  }

  async function check(file: string, digest: Digest): Promise<boolean> {
    const handle = await open(file, 'r');
    const facts = await handle.stat({ bigint: true }).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    const isIntact = await goThrough(lendBytes(handle, { digest, sizeBytes: Number(facts.size) }));
    if (isIntact) note(file, identityOf(facts));
    return isIntact;
  }

  return {
    async isIntact(file, digest) {
      if (identities.get(file) === identityOf(await stat(file, { bigint: true }))) return true;
      const running = reading.get(file) ?? check(file, digest).finally(() => reading.delete(file));
      reading.set(file, running);
      return running;
    },
    async remember(file) {
      const facts = await stat(file, { bigint: true }).catch(() => undefined);
      if (facts) note(file, identityOf(facts));
    },
    forget(file) {
      identities.delete(file);
    },
  };
}

/** False when their digest is another than it should be. */
async function goThrough(bytes: LentBytes): Promise<boolean> {
  try {
    for await (const _ of bytes);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'DATA_LOSS') return false;
    throw error;
  }
}

/** Changes whenever the file is replaced or written: the change time cannot be set back as the modification time can. */
function identityOf(facts: BigIntStats): string {
  return `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
}
