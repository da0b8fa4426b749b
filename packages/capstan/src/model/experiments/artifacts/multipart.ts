import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError, invalid } from '#kernel/errors';
import type { Blob, PartOfUpload } from '#ports/blob-store';
import { parseArtifactPath } from './artifact-path.ts';
import { artifactWriting, refuseFolderClash } from './artifact-writing.ts';
import type { ArtifactOwner } from './artifacts.ts';
import type { ExperimentsDeps } from '../deps.ts';
import * as store from './multipart.store.ts';
import type { ArtifactFile } from '../model.ts';

interface UploadKey {
  readonly owner: ArtifactOwner;
  readonly path: string;
  readonly id: string;
}

export interface MultipartUseCases {
  /**
   * Opens an upload of a file in parts, which ends by itself after a day. Whoever knows its id may send parts: it is a
   * secret of 256 bits. @throws as `putArtifact`
   */
  openUpload(input: {
    readonly owner: ArtifactOwner;
    readonly path: string;
    readonly parts: number;
  }): Promise<{ readonly id: string }>;
  /** Keeps a part; sent again it replaces itself. @throws DomainError NOT_FOUND for an upload that is not open, INVALID_ARGUMENT */
  putPart(input: {
    readonly id: string;
    readonly number: number;
    readonly bytes: Readable;
    readonly sizeBytes?: number | undefined;
  }): Promise<Blob>;
  /**
   * Makes the file of all its parts, in one step; the same call again has no effect.
   * @throws DomainError NOT_FOUND, CONFLICT; INVALID_ARGUMENT when a part is missing, out of order or another than was sent
   */
  completeUpload(input: UploadKey & { readonly parts: readonly PartOfUpload[]; readonly cause: Cause }): Promise<void>;
  /** Drops the parts; idempotent. */
  abortUpload(input: UploadKey): Promise<void>;
  /** Drops the parts of uploads that nobody ended. Returns how many uploads there were. */
  dropAbandonedUploads(): Promise<number>;
}

const MOST_PARTS = 10_000;
const LIFE_MS = 24 * 3_600_000;

export function multipartUseCases(deps: ExperimentsDeps): MultipartUseCases {
  const { database, blobs } = deps;
  const { openForWriting, rootOf, record } = artifactWriting(deps);

  /** The row of an upload that is open or done. Real time: an upload takes what it takes, whatever day it is made to be. */
  async function find(id: string): Promise<store.UploadRow> {
    const row = await store.findUpload(database.read, id);
    if (!row || row.expires_at <= Date.now()) {
      throw new DomainError('NOT_FOUND', 'No such upload: it was aborted, or has expired', {
        field: 'upload_id',
        hint: 'Open a new one.',
      });
    }
    return row;
  }

  async function findOf({ owner, path, id }: UploadKey): Promise<store.UploadRow> {
    const row = await find(id);
    if (row.path === path && row.root === (await rootOf(owner))) return row;
    throw invalid('The upload belongs to another file', { field: 'upload_id' });
  }

  async function drop(id: string): Promise<void> {
    await database.write((writer) => store.removeUpload(writer, id));
    await blobs.dropParts(id);
  }

  return {
    async openUpload({ owner, path, parts }) {
      parseArtifactPath(path);
      if (!Number.isInteger(parts) || parts < 1 || parts > MOST_PARTS) {
        throw invalid(`An upload has 1 to ${MOST_PARTS} parts, not ${parts}`, { field: 'num_parts' });
      }
      const id = randomBytes(32).toString('base64url');
      await database.write(async (writer) => {
        const { root } = await openForWriting(writer, owner);
        await refuseFolderClash(writer, root, path);
        const row = { id, root, path, parts, state: 'open', expires_at: Date.now() + LIFE_MS } as const;
        await store.insertUpload(writer, row);
      });
      return { id };
    },
    async putPart({ id, number, bytes, sizeBytes }) {
      const row = await find(id);
      if (row.state !== 'open') throw conflict('The upload is complete', { field: 'upload_id' });
      if (!Number.isInteger(number) || number < 1 || number > row.parts) {
        throw invalid(`The upload has parts 1 to ${row.parts}`, { field: 'part_number' });
      }
      return await blobs.putPart({ upload: id, number }, bytes, sizeBytes === undefined ? {} : { sizeBytes });
    },
    async completeUpload({ parts, cause, ...key }) {
      const row = await findOf(key);
      if (row.state === 'completed') return;
      const isWhole = parts.length === row.parts && parts.every((part, index) => part.number === index + 1);
      if (!isWhole) {
        throw invalid(`All of the parts 1 to ${row.parts} are needed, in this order`, { field: 'parts' });
      }
      const blob = await blobs.assemble(row.id, parts);
      const file: ArtifactFile = { path: row.path, ...blob };
      await record(key.owner, file, cause, (writer) => store.completeUpload(writer, row.id));
      await blobs.dropParts(row.id);
    },
    async abortUpload(key) {
      const row = await store.findUpload(database.read, key.id);
      if (!row) return;
      await findOf(key);
      // A complete one stays known, so that its completion sent again still finds it.
      if (row.state === 'open') await drop(row.id);
    },
    async dropAbandonedUploads() {
      const expired = await store.expiredUploads(database.read, Date.now());
      for (const id of expired) await drop(id);
      // Parts whose row is gone: their run was purged, or a kill came between the two.
      for await (const id of blobs.listUploads(LIFE_MS)) {
        const row = await store.findUpload(database.read, id);
        if (!row || row.state === 'completed') await blobs.dropParts(id);
      }
      return expired.length;
    },
  };
}
