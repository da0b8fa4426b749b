import type { InputAdapter, Prediction } from '@capstan/api';
import type { Database } from '#database';
import { canonicalJson } from '#kernel/canonical-json';
import { conflict, notFound } from '#kernel/errors';
import type { Deployments } from '#operations/deployments';
import { quoteName, type Analytics, type Cell } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import { writeFeatures, type FeaturesDeps } from './features.ts';
import { exampleIdOf } from './model.ts';
import { featureFileOf, partAround } from './logged-answers.store.ts';
import { predictionsOf, type PredictionRow } from './store.ts';
import { predictionView } from './views.ts';

/** An answer with what is needed to find what led to it, and to ask again. */
export interface LoggedAnswer extends Prediction {
  readonly project: string;
  readonly requestId: string;
  readonly threshold: number;
}

/** The rows that a model answered at once, as far as they are logged. */
export interface LoggedBatch {
  readonly answers: readonly LoggedAnswer[];
  /** Rows that it had then; null where its first row is not in the log (it was answered before, in another request). */
  readonly rows: number | null;
}

/** What a model was fed, by column; row i belongs to answer i. */
export interface FedInputs {
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
  /** Conversions that are in the values already. */
  readonly adapters: Readonly<Record<string, InputAdapter>>;
}

export type LoggedAnswersDeps = FeaturesDeps & {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  readonly deployments: Deployments;
};

/**
 * Every answer logged under a prediction id: the one that the caller got first, a shadow's last.
 * @throws DomainError NOT_FOUND; CONFLICT when several deployments have answers under the id
 */
export async function findAnswers(deps: LoggedAnswersDeps, id: string): Promise<LoggedAnswer[]> {
  const names = (await deps.deployments.list()).map(({ name }) => name);
  const found: PredictionRow[][] = [];
  for (const name of names) {
    const rows = await predictionsOf(deps.database.read, name, [exampleIdOf(name, id)]);
    if (rows.length > 0) found.push(rows);
  }
  const [rows, ...more] = found;
  if (!rows) {
    throw notFound(
      'prediction',
      id,
      'Ids are DEPLOYMENT:EXAMPLE, as the answer carried them. Data planes ship their log every few seconds.',
    );
  }
  if (more.length > 0) {
    throw conflict(`Several deployments have answered '${id}'`, {
      field: 'prediction',
      hint: `Name one: ${found.map(([row]) => `${row?.deployment}:${id}`).join(' or ')}.`,
    });
  }
  const wasSeen = (row: PredictionRow): boolean => row.role !== 'shadow' && row.probability !== null;
  return rows.toSorted((a, b) => Number(wasSeen(b)) - Number(wasSeen(a)) || a.seq - b.seq).map(answerOf);
}

/** The rows of the request that the same revision answered in the same role, in the order that the model saw. */
export async function batchOf(deps: LoggedAnswersDeps, answer: LoggedAnswer): Promise<LoggedBatch> {
  const rows = await partAround(deps.database.read, answer);
  const first = rows.find((row) => row.part_rows > 0);
  return { answers: rows.map(answerOf), rows: first?.part_rows ?? null };
}

/**
 * The inputs of answers to one request, as the model of `answers[0]` was fed them.
 * @throws DomainError CONFLICT when they are not in the log, or only in another model's units
 */
export async function inputsOf(
  deps: LoggedAnswersDeps,
  answers: readonly LoggedAnswer[],
  signal?: AbortSignal,
): Promise<FedInputs> {
  const [first] = answers;
  if (!first) throw new Error('no answers to look up');
  const { deployment, requestId, predictedAt } = first;
  const examples = answers.map(({ exampleId }) => exampleId);
  // A shadow's inputs are logged once, with the answer that the caller got.
  const shown = (await predictionsOf(deps.database.read, deployment, examples)).filter(
    (row) => row.request_id === requestId && row.role !== 'shadow' && row.probability !== null,
  );
  const adapters = await sameAdapters(deps, first, shown);
  const tables = [];
  for (const segment of new Set(shown.map((row) => row.segment))) {
    await writeFeatures(deps, segment, signal);
    const digest = await featureFileOf(deps.database.read, segment, deployment);
    if (digest === undefined) continue;
    const path = await deps.blobs.localFile(digest as Digest);
    tables.push({ path, format: 'parquet' as const, label: `features of segment ${segment}` });
  }
  if (tables.length === 0) throw unlogged(first, examples.length, 0);
  const { context } = await deps.deployments.pricing(deployment);
  const id = context.id ?? 'example_id';
  const time = context.eventTime ?? 'event_time';
  const columns = await deps.analytics.queryColumns({
    tables: { features: tables },
    sql: `select distinct * exclude (predicted_at, ${quoteName(time)}) from features
           where predicted_at = make_timestamp(cast($at as bigint) * 1000)`,
    parameters: { at: predictedAt },
    ...(signal && { signal }),
  });
  return { columns: inOrder(columns, id, first, examples), adapters };
}

/** The features are in the units of the answer that the caller got: another revision's may differ. */
async function sameAdapters(
  deps: LoggedAnswersDeps,
  { deployment, revision, role }: LoggedAnswer,
  shown: readonly PredictionRow[],
): Promise<Readonly<Record<string, InputAdapter>>> {
  const byRevision = await deps.deployments.inputAdapters(deployment);
  const own = byRevision.get(revision) ?? {};
  for (const other of new Set(shown.map((row) => row.revision))) {
    if (canonicalJson(byRevision.get(other) ?? {}) === canonicalJson(own)) continue;
    throw conflict(`The inputs of the ${role}'s answer are logged in the units of revision ${other} only`, {
      field: 'role',
      hint: `Revisions ${revision} and ${other} convert inputs in different ways.`,
    });
  }
  return own;
}

function inOrder(
  columns: Readonly<Record<string, readonly Cell[]>>,
  id: string,
  first: LoggedAnswer,
  examples: readonly string[],
): Record<string, Cell[]> {
  const places = new Map<string, number>();
  for (const [index, example] of (columns[id] ?? []).entries()) {
    if (typeof example !== 'string') continue;
    if (places.has(example) && examples.includes(example)) {
      throw conflict(`The log has two sets of inputs for ${first.deployment}:${example} at the same instant`, {
        field: 'prediction',
        hint: 'Which of them the answer was for is not known.',
      });
    }
    places.set(example, index);
  }
  const indices = examples.map((example) => places.get(example));
  const known = indices.filter((index) => index !== undefined);
  if (known.length < examples.length) throw unlogged(first, examples.length, known.length);
  const inputs = Object.entries(columns).filter(([name]) => name !== id);
  return Object.fromEntries(inputs.map(([name, cells]) => [name, known.map((index) => cells[index] ?? null)]));
}

function unlogged({ deployment, exampleId }: LoggedAnswer, wanted: number, found: number) {
  return conflict(`The log has the inputs of ${found} of ${wanted} rows answered with ${deployment}:${exampleId}`, {
    field: 'prediction',
    hint: 'Inputs are logged with each answer of a model; they may have been removed since.',
  });
}

function answerOf(row: PredictionRow): LoggedAnswer {
  return { ...predictionView(row), project: row.project, requestId: row.request_id, threshold: row.threshold };
}
