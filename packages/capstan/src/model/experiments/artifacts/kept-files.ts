// Files of what modules behind this one keep, e.g. traces: the same rules, bytes and table; the owner is theirs.
import type { Readable } from 'node:stream';
import type { Writer } from '#database';
import type { Blob } from '#ports/blob-store';
import type { ExperimentsDeps } from '../deps.ts';
import type { ArtifactEntry, ArtifactFile } from '../model.ts';
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts';
import * as store from './artifact.store.ts';
import { refuseFolderClash } from './artifact-writing.ts';

export interface KeptFileUseCases {
  /**
   * Stores a file under a root that is no run's or logged model's. `admit` is asked before the bytes are read, and again
   * in the transaction that makes the file visible; what it throws refuses the file. `record` notes what happened there.
   * @throws DomainError INVALID_ARGUMENT, CONFLICT for a path that is a folder, or lies in a file
   */
  putFileAt(input: {
    readonly root: string;
    readonly path: string;
    readonly bytes: Readable | Uint8Array;
    readonly expected?: Partial<Blob> | undefined;
    admit(writer: Writer): Promise<void>;
    record(writer: Writer): Promise<void>;
  }): Promise<ArtifactFile>;
  /** Undefined where there is none. @throws DomainError INVALID_ARGUMENT for the path */
  findFileAt(root: string, path: string): Promise<ArtifactFile | undefined>;
  /** What lies directly in a folder. */
  entriesAt(root: string, folder: string): Promise<readonly ArtifactEntry[]>;
  /** Removes a file or folder, all of the root for the empty path; returns how many files there were. */
  removeFilesAt(writer: Writer, root: string, path: string): Promise<number>;
}

export function keptFileUseCases({ database, clock, blobs }: ExperimentsDeps): KeptFileUseCases {
  return {
    async putFileAt({ root, path, bytes, expected, admit, record }) {
      parseArtifactPath(path);
      const open = async (writer: Writer): Promise<void> => {
        await admit(writer);
        await refuseFolderClash(writer, root, path);
      };
      // Before the bytes are read: what is refused anyway is not stored first.
      await database.write(open);
      const blob = await blobs.put(bytes, expected);
      const file = { path, digest: blob.digest, sizeBytes: blob.sizeBytes };
      await database.write(async (writer) => {
        await open(writer);
        if (await store.putFile(writer, root, file, clock.now())) await record(writer);
      });
      return file;
    },
    findFileAt: (root, path) => store.findFile(database.read, root, parseArtifactPath(path).join('/')),
    entriesAt: (root, folder) => store.entriesOf(database.read, root, parseArtifactFolder(folder).join('/')),
    removeFilesAt: (writer, root, path) => store.removeFiles(writer, root, parseArtifactFolder(path).join('/')),
  };
}
