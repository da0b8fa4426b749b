import { readFile } from 'node:fs/promises';
import type { ServingRoute } from '@capstan/api';
import type { Logger } from 'pino';
import { DomainError, messageOf } from '#kernel/errors';
import type { SignatureItem } from '#ports/model-signature';
import type { ModelFiles } from './model-files.ts';

export type Signature = readonly SignatureItem[];

/** What the MLmodel files of ONNX models say that they take. Python models see to it by themselves. */
export interface ModelSignatures {
  /** Null where nothing is said; undefined where that cannot be known now: worth another try. */
  of(route: Pick<ServingRoute, 'flavor' | 'package' | 'digest'>): Promise<Signature | null | undefined>;
  /** Forgets those of other packages, and removes their files. */
  keepOnly(packages: ReadonlySet<string | null>): Promise<void>;
}

export function createModelSignatures(
  files: Pick<ModelFiles, 'member' | 'remove'>,
  log: Pick<Logger, 'warn'>,
): ModelSignatures {
  const known = new Map<string, Promise<Signature | null>>();
  const shelved = new Set<string>();

  async function read(digest: string): Promise<Signature | null> {
    try {
      const path = await files.member(digest, 'MLmodel');
      if (path === undefined) return null;
      // Here, not at the top: few data planes read YAML.
      const { signatureInputs } = await import('#ports/model-signature');
      return signatureInputs(await readFile(path, 'utf8'));
    } catch (error) {
      const isForGood = error instanceof DomainError && ['NOT_FOUND', 'INVALID_ARGUMENT'].includes(error.code);
      if (!isForGood) known.delete(digest);
      log.warn({ package: digest }, `the signature of a model is not known: ${messageOf(error)}`);
      if (isForGood) return null;
      throw error;
    }
  }

  return {
    async of({ flavor, package: digest, digest: model }) {
      if (flavor !== 'onnx' || digest === null) return null;
      // Its folder is the model's own then, and goes with that.
      if (digest === model) shelved.add(digest);
      const reading = known.get(digest) ?? read(digest);
      known.set(digest, reading);
      return await reading.catch(() => undefined);
    },
    async keepOnly(packages) {
      for (const digest of [...known.keys()].filter((each) => !packages.has(each))) {
        known.delete(digest);
        if (!shelved.delete(digest)) await files.remove(digest);
      }
    },
  };
}
