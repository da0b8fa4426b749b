import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError } from '#kernel/errors';
import type { Deployments } from '#operations/deployments';
import type { Analytics, DataFile } from '#ports/analytics';
import type { Blob, BlobStore } from '#ports/blob-store';
import * as store from './feedback-parts.store.ts';
import {
  partName,
  partsOf,
  standing,
  type ColumnNames,
  type Part,
  type PartColumn,
  type WrittenPart,
} from './feedback-parts.ts';
import { featureFiles, type FeatureFile } from './queries.store.ts';
import { localFeatures, writePart } from './write-part.ts';

/** Takes files into a dataset: joined with `data/datasets` by the composition root. */
export interface FeedbackSink {
  register(files: {
    readonly project: string;
    readonly dataset: string;
    /** The version holds these files alone; the blob store has them. */
    readonly files: readonly ({ readonly path: string } & Blob)[];
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
 * its label, in files by event time. A file that an earlier export wrote stands as long as nothing in its span has
 * changed: no features came, no label became known or was corrected. Returns the version's id and its rows.
 * @throws DomainError CONFLICT when no example of the window has both
 */
export async function exportLabelled(
  deps: ExportDeps,
  wanted: ExportLabelled,
  cause: Cause,
): Promise<{ versionId: string; rows: number }> {
  const { project, deployment, dataset, from, before } = wanted;
  const { read } = deps.database;
  // First: what comes in while the rest is read is then found by the next export.
  const asOf = await store.asOfNow(read, deployment);
  const files = await featureFiles(read, { deployment, from, to: before });
  const names = await namesFor(deps, wanted);
  const plan = await planParts(deps, wanted, partsOf({ from, before }, files, names), names);
  const parts = await Promise.all(
    plan.parts.map(async ({ part, standing: same }) => ({
      ...(same ?? (await write(deps, wanted, part, plan))),
      asOf,
    })),
  );
  await deps.database.write((writer) => store.keepParts(writer, deployment, dataset, parts));
  const rows = parts.reduce((total, part) => total + part.rows, 0);
  if (rows === 0) {
    throw conflict(`${deployment} has no labelled predictions with features in that window`, {
      hint: 'Record outcomes first, or take another window.',
    });
  }
  const filed = parts.flatMap((part) => (part.file ? [{ path: partName(deployment, part), ...part.file }] : []));
  const { id: versionId } = await deps.feedback.register({ project, dataset, files: filed, cause });
  return { versionId, rows };
}

async function namesFor(deps: ExportDeps, { deployment, labelColumn }: ExportLabelled): Promise<ColumnNames> {
  const { context } = await deps.deployments.pricing(deployment);
  return { id: context.id ?? 'example_id', time: context.eventTime ?? 'event_time', label: labelColumn };
}

interface Plan {
  readonly parts: readonly { readonly part: Part; readonly standing: WrittenPart | undefined }[];
  readonly names: ColumnNames;
  readonly columns: readonly PartColumn[];
}

/** Which parts stand, and the columns that all of them have. */
async function planParts(
  deps: ExportDeps,
  { deployment, dataset }: ExportLabelled,
  parts: readonly Part[],
  names: ColumnNames,
): Promise<Plan> {
  const { read } = deps.database;
  const written = await store.writtenParts(read, deployment, dataset);
  const known = parts.flatMap((part) => written.get(part.from) ?? []);
  const since = {
    labels: Math.min(...known.map(({ asOf }) => asOf.labels)),
    corrections: Math.min(...known.map(({ asOf }) => asOf.corrections)),
  };
  const changes = known.length === 0 ? [] : await store.labelChanges(read, deployment, since);
  const judged = await Promise.all(
    parts.map(async (part) => ({ part, standing: await present(deps.blobs, standing(part, written, changes)) })),
  );
  const columns = await sharedColumns(deps, judged, names);
  const isSame = ({ file, columns: own }: WrittenPart): boolean =>
    file === null || JSON.stringify(own) === JSON.stringify(columns);
  const fitting = judged.map(({ part, standing: same }) => ({
    part,
    standing: same && isSame(same) ? same : undefined,
  }));
  return { parts: fitting, names, columns };
}

/** A part whose file is gone or damaged is written again. */
async function present(blobs: BlobStore, part: WrittenPart | undefined): Promise<WrittenPart | undefined> {
  if (!part?.file) return part;
  try {
    await blobs.localFile(part.file.digest);
    return part;
  } catch (error) {
    if (error instanceof DomainError && ['NOT_FOUND', 'DATA_LOSS'].includes(error.code)) return undefined;
    throw error;
  }
}

/** Columns of all parts together: those of the standing ones, and of the features that others will be made of. */
async function sharedColumns(deps: ExportDeps, judged: Plan['parts'], names: ColumnNames): Promise<PartColumn[]> {
  const standingFiles = new Map<string, DataFile>();
  const features = new Map<string, FeatureFile>();
  for (const { part, standing: same } of judged) {
    if (!same) for (const file of part.files) features.set(file.digest, file);
    else if (same.file) {
      const path = await deps.blobs.localFile(same.file.digest);
      standingFiles.set(JSON.stringify(same.columns), { path, format: 'parquet', label: partName('labelled', part) });
    }
  }
  const files = [...standingFiles.values(), ...(await localFeatures(deps.blobs, [...features.values()]))];
  if (files.length === 0) return [];
  const found = await deps.analytics.columnsOf(files);
  const first = [names.id, names.time];
  const own = found.filter(({ name }) => ![...first, 'predicted_at', names.label].includes(name));
  const leading = first.flatMap((name) => found.find((column) => column.name === name) ?? []);
  return [...leading, ...own].map(({ name, storageType }) => ({ name, storageType }));
}

async function write(
  deps: ExportDeps,
  { deployment, from }: ExportLabelled,
  part: Part,
  { names, columns }: Plan,
): Promise<Omit<WrittenPart, 'asOf'>> {
  const labels = await store.labelsIn(deps.database.read, deployment, part, from);
  const made = await writePart(deps, { files: part.files, labels, names, columns });
  return { from: part.from, before: part.before, recipe: part.recipe, columns, ...made };
}
