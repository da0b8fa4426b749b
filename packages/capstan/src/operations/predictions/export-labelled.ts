import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import type { Deployments } from '#operations/deployments';
import { quoteName, type Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import { featureFiles, labelledExamples } from './queries.store.ts';

/** Takes files into a dataset: joined with `data/datasets` by the composition root. */
export interface FeedbackSink {
  register(files: {
    readonly project: string;
    readonly dataset: string;
    /** The version holds this file alone. */
    readonly file: { readonly path: string; readonly source: string };
    readonly cause: Cause;
  }): Promise<{ readonly id: string }>;
}

export interface ExportLabelled {
  readonly project: string;
  readonly deployment: string;
  readonly dataset: string;
  /** Name of the label's column in the dataset. */
  readonly labelColumn: string;
  /** Event time, from here, up to but not including `before`. */
  readonly from: number;
  readonly before: number;
}

export interface ExportDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  readonly deployments: Deployments;
  readonly feedback: FeedbackSink;
}

/**
 * Makes a dataset version of what was predicted and what came true: the model-fed features of each labelled example with
 * its label, ordered by event time. Returns the version's id and its rows.
 * @throws DomainError CONFLICT when no example of the window has both
 */
export async function exportLabelled(
  deps: ExportDeps,
  wanted: ExportLabelled,
  cause: Cause,
): Promise<{ versionId: string; rows: number }> {
  const window = { deployment: wanted.deployment, from: wanted.from, to: wanted.before };
  const examples = await labelledExamples(deps.database.read, window);
  const files = await featureFiles(deps.database.read, window);
  const nothing = (): Error =>
    conflict(`${wanted.deployment} has no labelled predictions with features in that window`, {
      hint: 'Record outcomes first, or take another window.',
    });
  if (examples.length === 0 || files.length === 0) throw nothing();
  const { context } = await deps.deployments.pricing(wanted.deployment);
  const id = quoteName(context.id ?? 'example_id');
  const time = quoteName(context.eventTime ?? 'event_time');
  const folder = await mkdtemp(join(tmpdir(), 'capstan-feedback-'));
  try {
    const labels = join(folder, 'labels.ndjson');
    await writeFile(
      labels,
      examples.map(({ exampleId, label }) => `${JSON.stringify({ example: `=${exampleId}`, label })}\n`).join(''),
    );
    const target = join(folder, 'feedback.parquet');
    const sources = files.map(async ({ digest, segment }) => ({
      path: await deps.blobs.localFile(digest),
      format: 'parquet' as const,
      label: `features of segment ${segment}`,
    }));
    // The mark before an id keeps the reader from taking one that looks like a date for a date.
    // A request sent again has its features twice: the first stands.
    const sql = `
      select f.* exclude (predicted_at), cast(l.label as integer) as ${quoteName(wanted.labelColumn)}
        from features f join labels l on substr(l.example, 2) = f.${id}
       qualify row_number() over (partition by f.${id} order by f.predicted_at) = 1
       order by f.${time}, f.${id}`;
    const tables = {
      features: await Promise.all(sources),
      labels: [{ path: labels, format: 'ndjson' as const, label: 'labels' }],
    };
    const rows = await deps.analytics.write({ tables, sql }, { path: target, format: 'parquet' });
    if (rows === 0) throw nothing();
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(':', '');
    const path = `${wanted.deployment}-${day(wanted.from)}-${day(wanted.before)}.parquet`;
    const { id: versionId } = await deps.feedback.register({
      project: wanted.project,
      dataset: wanted.dataset,
      file: { path, source: target },
      cause,
    });
    return { versionId, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
