import type { Readable } from 'node:stream';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid } from '#kernel/errors';
import type { Blob, ByteRange, LentBytes } from '#ports/blob-store';
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts';
import { artifactWriting, refuseFolderClash } from './artifact-writing.ts';
import * as store from './artifact.store.ts';
import type { ExperimentsDeps } from '../deps.ts';
import type { ArtifactEntry, ArtifactFile } from '../model.ts';

/** Whose files are meant: a run's or a logged model's. */
export type ArtifactOwner = { readonly kind: 'run' | 'logged-model'; readonly id: string };

/** A place that `mlflow-artifacts:/…` names: whose, and where inside. */
export interface ArtifactPlace {
  readonly owner: ArtifactOwner;
  readonly root: string;
  /** Empty for the root itself. */
  readonly path: string;
}

export interface ArtifactUseCases {
  /** Where files of a run or logged model lie. @throws DomainError NOT_FOUND */
  artifactRoot(owner: ArtifactOwner): Promise<string>;
  /** Reads `EXPERIMENT/RUN/artifacts/…` or `EXPERIMENT/models/MODEL/artifacts/…`. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  locateArtifact(place: string): Promise<ArtifactPlace>;
  /**
   * Stores a file; one of that path is replaced. Nothing is kept of a stream that breaks.
   * @throws DomainError NOT_FOUND, CONFLICT when the owner is deleted, INVALID_ARGUMENT for a path that is a folder
   */
  putArtifact(input: {
    readonly owner: ArtifactOwner;
    readonly path: string;
    readonly bytes: Readable | Uint8Array;
    /** Size or digest that was announced. */
    readonly expected?: Partial<Blob> | undefined;
    readonly cause: Cause;
  }): Promise<ArtifactFile>;
  /** Whether a file could be stored there now. @throws as `putArtifact` */
  checkArtifactPlace(owner: ArtifactOwner, path: string): Promise<void>;
  /** What lies directly in a folder; nothing for one that is not there, or a file. @throws DomainError NOT_FOUND for the owner */
  listArtifacts(owner: ArtifactOwner, folder: string): Promise<readonly ArtifactEntry[]>;
  /** Every file under a folder, paths from the root. */
  artifactFiles(root: string, folder: string): Promise<readonly ArtifactFile[]>;
  /** @throws DomainError NOT_FOUND; INVALID_ARGUMENT for a folder */
  findArtifact(owner: ArtifactOwner, path: string): Promise<ArtifactFile>;
  readArtifact(file: ArtifactFile, range?: ByteRange): Promise<LentBytes>;
  /** Removes a file or folder; idempotent. @throws DomainError NOT_FOUND, CONFLICT for the owner */
  removeArtifact(input: { readonly owner: ArtifactOwner; readonly path: string; readonly cause: Cause }): Promise<void>;
}

export function artifactUseCases({ database, events, clock, blobs }: ExperimentsDeps): ArtifactUseCases {
  const { rootOf, openForWriting, record } = artifactWriting({ database, events, clock });

  async function checkArtifactPlace(owner: ArtifactOwner, path: string): Promise<void> {
    parseArtifactPath(path);
    await database.write(async (writer) => {
      const { root } = await openForWriting(writer, owner);
      await refuseFolderClash(writer, root, path);
    });
  }

  return {
    artifactRoot: rootOf,
    async locateArtifact(place) {
      const segments = parseArtifactFolder(place);
      const owner = ownerIn(segments);
      const root = owner && (await rootOf(owner.owner));
      if (!owner || segments.slice(0, owner.depth).join('/') !== root) {
        throw new DomainError(
          'NOT_FOUND',
          `The artifact path '${place.slice(0, 200)}' belongs to no run or logged model`,
          {
            field: 'path',
            hint: 'It starts with EXPERIMENT/RUN/artifacts or EXPERIMENT/models/MODEL/artifacts.',
          },
        );
      }
      return { owner: owner.owner, root, path: segments.slice(owner.depth).join('/') };
    },
    checkArtifactPlace,
    async putArtifact({ owner, path, bytes, expected, cause }) {
      // Before the bytes are read: what is refused anyway is not stored first.
      await checkArtifactPlace(owner, path);
      const blob = await blobs.put(bytes, expected);
      const file = { path, digest: blob.digest, sizeBytes: blob.sizeBytes };
      await record(owner, file, cause);
      return file;
    },
    async listArtifacts(owner, folder) {
      return await store.entriesOf(database.read, await rootOf(owner), parseArtifactFolder(folder).join('/'));
    },
    artifactFiles: (root, folder) => store.filesUnder(database.read, root, folder),
    async findArtifact(owner, path) {
      const root = await rootOf(owner);
      const wanted = parseArtifactPath(path).join('/');
      const file = await store.findFile(database.read, root, wanted);
      if (file) return file;
      if (await store.hasFilesUnder(database.read, root, wanted)) {
        throw invalid(`The artifact '${wanted}' is a folder`, {
          field: 'path',
          hint: 'List it, and ask for its files.',
        });
      }
      throw new DomainError('NOT_FOUND', `No artifact '${wanted}'`, { field: 'path' });
    },
    readArtifact: (file, range) => blobs.lend(file.digest, range),
    async removeArtifact({ owner, path, cause }) {
      const wanted = parseArtifactFolder(path).join('/');
      await database.write(async (writer) => {
        const { root, project, touch } = await openForWriting(writer, owner);
        if ((await store.removeFiles(writer, root, wanted)) === 0) return;
        await touch();
        await events.append(writer, cause, {
          type: owner.kind === 'run' ? 'run.artifact-removed' : 'logged-model.artifact-removed',
          ...project,
          subject: `${owner.kind}:${owner.id}`,
          payload: { path: wanted },
        });
      });
    },
  };
}

/** The first `ID/artifacts` in a path, and how many segments the root has. */
function ownerIn(segments: readonly string[]): { owner: ArtifactOwner; depth: number } | undefined {
  const at = segments.indexOf('artifacts', 2);
  const id = segments[at - 1];
  if (at < 0 || id === undefined) return undefined;
  const kind = segments[at - 2] === 'models' ? 'logged-model' : 'run';
  return { owner: { kind, id }, depth: at + 1 };
}
