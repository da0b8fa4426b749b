// The composition root of predictions over a local file: analytics, a served model → the work of batch predictions, here.
// The model stays where it is served: rows go there as any caller's do.
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { openServedModel, type ServedModelOptions } from '#adapters/model-over-http';
import { invalid } from '#kernel/errors';
import { doWork, resultFile, type WorkProgress, type WorkRequest } from '#operations/batch-predictions';
import type { DataFormat } from '#ports/analytics';

export { RowFailure } from '#operations/batch-predictions';

interface PredictedFile extends Pick<WorkRequest, 'sql' | 'columns' | 'keep' | 'onError'> {
  readonly served: Omit<ServedModelOptions, 'signal'>;
  readonly model: string;
  readonly version: number;
  /** Absolute, with what messages call it. */
  readonly input: WorkRequest['files'][number];
  /** Absolute; null for standard output. */
  readonly output: string | null;
  readonly format: DataFormat;
  readonly signal: AbortSignal;
  onProgress(progress: WorkProgress): void;
}

/** One reads rows while another writes answers. */
const SCANS = 3;
/** Rows and values of a request, which must fit into a body; the plane asks its models so many rows at once, too. */
const BATCH = { rows: 1_024, values: 2_000_000 };

/**
 * Asks a deployment all rows of a file and writes rows and answers to another, whole or not at all.
 * @throws DomainError for what the data plane or a file has against it; RowFailure; the signal's reason
 */
export async function predictFile(request: PredictedFile): Promise<WorkProgress> {
  const { input, output, served, signal, format } = request;
  await refusePlaces(input.path, output);
  // Beside it, so that it is there at once in the end.
  const place = output === null ? join(tmpdir(), 'capstan-predict-') : join(dirname(output), `.${basename(output)}-`);
  const folder = await mkdtemp(place);
  try {
    const analytics = createAnalyticsDuckdb({ temporaryFolder: join(folder, 'spill'), concurrency: SCANS });
    // Before the rows are looked at: whoever may not ask need not wait for that.
    const model = await openServedModel({ ...served, signal });
    const work: WorkRequest = {
      // It adapts inputs and shifts answers where it is served.
      model: { flavor: 'onnx', path: served.deployment, inputAdapters: {}, shift: 0 },
      files: [input],
      sql: request.sql,
      columns: request.columns,
      keep: request.keep,
      onError: request.onError,
      stamp: { idPrefix: '', model: request.model, version: request.version, revision: served.revision },
      format,
    };
    const deps = { analytics, load: async () => model, signal, batch: BATCH, onProgress: request.onProgress };
    const progress = await doWork(deps, folder, work);
    const result = join(folder, resultFile(format));
    if (output === null) await pipeline(createReadStream(result), process.stdout, { end: false });
    else await rename(result, output);
    return progress;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refusePlaces(input: string, output: string | null): Promise<void> {
  const found = await stat(input).catch(() => undefined);
  if (!found?.isFile()) throw invalid(`There is no file ${input}`, { field: '--input' });
  if (output === null) return;
  if (resolve(input) === resolve(output))
    throw invalid('The answers cannot take the place of the rows', { field: '--output' });
  const folder = await stat(dirname(output)).catch(() => undefined);
  if (!folder?.isDirectory()) throw invalid(`There is no folder ${dirname(output)}`, { field: '--output' });
}
