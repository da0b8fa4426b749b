import type { Readable } from 'node:stream';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import type { Blob, Digest } from '#ports/blob-store';
import { parseArtifactPath } from '../artifacts/artifact-path.ts';
import { refuseFolderClash } from '../artifacts/artifact-writing.ts';
import type { ArtifactOwner } from '../artifacts/artifacts.ts';
import { findFile, putFile } from '../artifacts/artifact.store.ts';
import type { ExperimentsDeps } from '../deps.ts';
import { findLoggedModel } from '../logged-models/logged-model.store.ts';
import type { ArtifactFile } from '../model.ts';
import { noLoggedModel, noRun } from '../refusals.ts';
import { findRun } from '../run.store.ts';

/** Where a file is to lie, and what its bytes are as far as that is known. */
export interface ForeignFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest?: string | undefined;
}

/** Files of objects that were brought from another tracker. */
export interface ImportFileUseCases {
  /** As `artifactRoot`, of deleted owners too. @throws DomainError NOT_FOUND */
  artifactRootEver(owner: ArtifactOwner): Promise<string>;
  /**
   * Which of the files are not here with these bytes (by size where no digest is given). Files whose bytes are here
   * already, under whatever name, are put in their place and count as here.
   */
  linkFiles(input: {
    readonly owner: ArtifactOwner;
    readonly files: readonly ForeignFile[];
    readonly cause: Cause;
  }): Promise<{ readonly missing: readonly string[]; readonly linked: number }>;
  /** As `putArtifact`, of deleted owners too. @throws DomainError INVALID_ARGUMENT for other bytes than announced */
  importFile(input: {
    readonly owner: ArtifactOwner;
    readonly path: string;
    readonly bytes: Readable;
    readonly expected: Partial<Blob>;
    readonly cause: Cause;
  }): Promise<Blob>;
}

export function importFileUseCases({ database, events, clock, blobs }: ExperimentsDeps): ImportFileUseCases {
  async function rootOf(writer: Writer, owner: ArtifactOwner): Promise<string> {
    if (owner.kind === 'run') {
      const run = await findRun(writer, owner.id);
      if (!run) throw noRun(owner.id);
      return run.artifactRoot;
    }
    const model = await findLoggedModel(writer, owner.id);
    if (!model) throw noLoggedModel(owner.id);
    return model.artifact_root;
  }

  async function storeFiles(owner: ArtifactOwner, files: readonly ArtifactFile[], cause: Cause): Promise<void> {
    if (files.length === 0) return;
    await database.write(async (writer) => {
      const root = await rootOf(writer, owner);
      let stored = 0;
      for (const file of files) {
        await refuseFolderClash(writer, root, file.path);
        if (await putFile(writer, root, file, clock.now())) stored += 1;
      }
      if (stored === 0) return;
      const subject = `${owner.kind}:${owner.id}`;
      await events.append(writer, cause, {
        type: 'import.files-stored',
        subject,
        payload: { owner: subject, files: stored },
      });
    });
  }

  return {
    artifactRootEver: (owner) => rootOf(database.read, owner),

    async linkFiles({ owner, files, cause }) {
      for (const { path } of files) parseArtifactPath(path);
      const root = await rootOf(database.read, owner);
      const missing: string[] = [];
      const found: ArtifactFile[] = [];
      for (const { path, sizeBytes, digest } of files) {
        const here = await findFile(database.read, root, path);
        if (here && (digest === undefined ? here.sizeBytes === sizeBytes : here.digest === digest)) continue;
        if (digest !== undefined && (await blobs.has(digest as Digest)))
          found.push({ path, digest: digest as Digest, sizeBytes });
        else missing.push(path);
      }
      await storeFiles(owner, found, cause);
      return { missing, linked: found.length };
    },

    async importFile({ owner, path, bytes, expected, cause }) {
      parseArtifactPath(path);
      // Before the bytes are read: what is refused anyway is not stored first.
      await rootOf(database.read, owner);
      const blob = await blobs.put(bytes, expected);
      await storeFiles(owner, [{ path, digest: blob.digest, sizeBytes: blob.sizeBytes }], cause);
      return { digest: blob.digest, sizeBytes: blob.sizeBytes };
    },
  };
}
