import type { Readable } from 'node:stream';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid } from '#kernel/errors';
import { parseArtifactFolder, projectOf, type ArtifactEntry, type ArtifactFile } from '#model/experiments';
import type { Blob, ByteRange, LentBytes } from '#ports/blob-store';
import type { TracesDeps } from './deps.ts';
import { noTrace, refuseDeletedExperiment } from './refusals.ts';
import { traceRoot } from './spans/log-spans.ts';
import { findTrace } from './trace.store.ts';

/** A place that `mlflow-artifacts:/…/traces/TRACE/artifacts/…` names. */
export interface TraceFilePlace {
  readonly traceId: string;
  readonly root: string;
  /** Empty for the root itself. */
  readonly path: string;
}

export interface TraceFileUseCases {
  /** Undefined for a place of no trace. @throws DomainError NOT_FOUND for a trace that is not there, INVALID_ARGUMENT */
  locateTraceFile(place: string): Promise<TraceFilePlace | undefined>;
  /** The root of a trace's files. @throws DomainError NOT_FOUND */
  traceFileRoot(traceId: string): Promise<TraceFilePlace>;
  /** @throws DomainError CONFLICT when the experiment is deleted, INVALID_ARGUMENT */
  putTraceFile(input: {
    readonly place: TraceFilePlace;
    readonly bytes: Readable | Uint8Array;
    readonly expected?: Partial<Blob> | undefined;
    readonly cause: Cause;
  }): Promise<ArtifactFile>;
  /** @throws DomainError NOT_FOUND */
  findTraceFile(place: TraceFilePlace): Promise<ArtifactFile>;
  readTraceFile(file: ArtifactFile, range?: ByteRange): Promise<LentBytes>;
  /** What lies directly in a folder. */
  listTraceFiles(place: TraceFilePlace): Promise<readonly ArtifactEntry[]>;
  /** Idempotent. */
  removeTraceFile(input: { readonly place: TraceFilePlace; readonly cause: Cause }): Promise<void>;
}

export function traceFileUseCases({ database, events, experiments }: TracesDeps): TraceFileUseCases {
  async function placeOf(traceId: string, path: string): Promise<TraceFilePlace> {
    const head = await findTrace(database.read, traceId);
    if (!head) throw noTrace(traceId);
    return { traceId, root: traceRoot(await experiments.getExperiment(head.experimentId), traceId), path };
  }

  async function ownerOf(writer: Writer, traceId: string) {
    const head = await findTrace(writer, traceId);
    if (!head) throw noTrace(traceId);
    return head.experimentId;
  }

  return {
    async locateTraceFile(place) {
      const segments = parseArtifactFolder(place);
      const at = segments.indexOf('artifacts', 3);
      const traceId = segments[at - 1];
      if (at < 0 || segments[at - 2] !== 'traces' || traceId === undefined) return undefined;
      const located = await placeOf(traceId, segments.slice(at + 1).join('/'));
      if (segments.slice(0, at + 1).join('/') !== located.root) throw noTrace(traceId);
      return located;
    },
    traceFileRoot: (traceId) => placeOf(traceId, ''),
    async putTraceFile({ place: { traceId, root, path }, bytes, expected, cause }) {
      if (path === '') throw invalid('The path of a file is needed', { field: 'path' });
      const experimentId = await ownerOf(database.read, traceId);
      const experiment = await experiments.getExperiment(experimentId);
      refuseDeletedExperiment(experiment);
      return await experiments.putFileAt({
        root,
        path,
        bytes,
        expected,
        admit: async (writer) => void (await ownerOf(writer, traceId)),
        record: async (writer) => {
          await events.append(writer, cause, {
            type: 'trace.artifact-stored',
            ...projectOf(experiment.name),
            subject: `trace:${traceId}`,
            payload: { path },
          });
        },
      });
    },
    async findTraceFile({ traceId, root, path }) {
      const file = path === '' ? undefined : await experiments.findFileAt(root, path);
      if (file) return file;
      throw new DomainError('NOT_FOUND', `No file '${path}' of trace '${traceId}'`, { field: 'path' });
    },
    readTraceFile: (file, range) => experiments.readArtifact(file, range),
    listTraceFiles: ({ root, path }) => experiments.entriesAt(root, path),
    async removeTraceFile({ place: { traceId, root, path }, cause }) {
      await database.write(async (writer) => {
        await ownerOf(writer, traceId);
        if ((await experiments.removeFilesAt(writer, root, path)) === 0) return;
        const payload = { path };
        await events.append(writer, cause, { type: 'trace.artifact-removed', subject: `trace:${traceId}`, payload });
      });
    },
  };
}
