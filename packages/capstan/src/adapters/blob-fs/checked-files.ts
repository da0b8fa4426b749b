import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Digest } from '#ports/blob-store';

/** Files remembered as checked; past it the oldest is forgotten, which costs one more read. */
const MEMORY_LIMIT = 20_000;
const READ_BYTES = 1 << 20;

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
    try {
      const identity = identityOf(await handle.stat({ bigint: true }));
      const hash = createHash('sha256');
      for await (const piece of handle.createReadStream({ highWaterMark: READ_BYTES, autoClose: false })) {
        hash.update(piece as Buffer);
      }
      const isIntact = `sha256:${hash.digest('hex')}` === digest;
      if (isIntact) note(file, identity);
      return isIntact;
    } finally {
      await handle.close();
    }
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

/** Changes whenever the file is replaced or written: the change time cannot be set back as the modification time can. */
function identityOf(facts: BigIntStats): string {
  return `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
}
