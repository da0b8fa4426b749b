import { attachmentReply, type RawReply, type RawRequest } from '#http';
import { DomainError } from '#kernel/errors';
import type { ArtifactFile, Experiments } from '#model/experiments';
import { TRACE_FILE, type TraceFilePlace, type Traces } from '#model/traces';
import type { Handler } from '../wire/call.ts';
import { jsonReply, listed } from '../wire/json-reply.ts';
import { required } from '../wire/require.ts';
import { toTraceFile } from './to-trace.ts';

/** Calls of the artifact store, which traces share with runs and logged models. */
interface FileCalls {
  readonly listFiles: Handler;
  readonly downloadFile: Handler;
  readonly uploadFile: Handler;
  readonly deleteFile: Handler;
}

/** The same calls, with places of traces answered for traces. */
export function withTraceFiles<Calls extends FileCalls>(calls: Calls, traces: Traces): Calls {
  const either =
    (
      placeOf: (request: RawRequest) => string,
      own: Handler,
      other: (request: RawRequest, place: TraceFilePlace) => Promise<RawReply>,
    ): Handler =>
    async (request) => {
      const place = await tracePlace(traces, placeOf(request));
      return place ? await other(request, place) : await own(request);
    };
  const inAddress = (request: RawRequest) => request.params['*'] ?? '';
  const inQuery = (request: RawRequest) => request.query.get('path') ?? '';
  return {
    ...calls,
    listFiles: either(inQuery, calls.listFiles, async (_request, place) => {
      const entries = await traces.listTraceFiles(place);
      const skipped = place.path === '' ? 0 : place.path.length + 1;
      const infos = entries.map((entry) => ({
        path: entry.path.slice(skipped),
        is_dir: entry.kind === 'folder',
        ...(entry.kind === 'file' && { file_size: entry.sizeBytes }),
      }));
      return jsonReply(listed('files', infos));
    }),
    downloadFile: either(inAddress, calls.downloadFile, (request, place) => download(traces, request, place)),
    uploadFile: either(inAddress, calls.uploadFile, async (request, place) => {
      const announced = Number(request.headers['content-length'] ?? Number.NaN);
      const expected = Number.isSafeInteger(announced) ? { sizeBytes: announced } : undefined;
      await traces.putTraceFile({ place, bytes: request.stream, expected, cause: request.cause });
      return { status: 200, headers: { 'content-type': 'application/json' }, body: '' };
    }),
    deleteFile: either(inAddress, calls.deleteFile, async (request, place) => {
      await traces.removeTraceFile({ place, cause: request.cause });
      return jsonReply({});
    }),
  };
}

/** Finds a file of the artifact store, of a run, a logged model or a trace. */
export function fileFinder({ experiments, traces }: { readonly experiments: Experiments; readonly traces: Traces }) {
  return async (text: string): Promise<ArtifactFile> => {
    const place = await tracePlace(traces, text);
    if (place) return await traces.findTraceFile(place);
    const { owner, path } = await experiments.locateArtifact(text);
    return await experiments.findArtifact(owner, path);
  };
}

async function tracePlace(traces: Traces, text: string): Promise<TraceFilePlace | undefined> {
  return text.includes('traces/') ? await traces.locateTraceFile(text) : undefined;
}

/** Spans of a trace as the file that clients keep them in; an attachment by its `path`. */
export function traceArtifactCalls(traces: Traces) {
  const getTraceArtifact: Handler = async (request) => {
    const id = required('request_id', request.query.get('request_id') ?? undefined);
    const path = request.query.get('path') ?? '';
    const root = await traces.traceFileRoot(id);
    if (path !== '') return await download(traces, request, { ...root, path: `attachments/${path}` });
    const trace = await traces.getTrace(id);
    if (trace.spans.length > 0) return fileReply(toTraceFile(trace));
    return await download(traces, request, { ...root, path: TRACE_FILE }).catch((error: unknown) => {
      throw error instanceof DomainError && error.code === 'NOT_FOUND'
        ? new DomainError('NOT_FOUND', `Trace data not found for path=${TRACE_FILE}`, { field: 'request_id' })
        : error;
    });
  };
  return { getTraceArtifact, getTraceArtifactV3: getTraceArtifact };
}

async function download(traces: Traces, request: RawRequest, place: TraceFilePlace): Promise<RawReply> {
  return await attachmentReply(request, await traces.findTraceFile(place), traces.readTraceFile);
}

/** Whatever a span holds, no browser runs it. */
function fileReply(body: string): RawReply {
  return {
    status: 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename=${TRACE_FILE}`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    },
    body,
  };
}
