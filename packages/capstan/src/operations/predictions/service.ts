import type { PerformanceRow, Prediction } from '@capstan/api';
import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import type { RealisedValue } from '#operations/deployments';
import { realisedValue } from './evidence.store.ts';
import { exportLabelled, type ExportDeps, type ExportLabelled } from './export-labelled.ts';
import { writeFeatures, type FeaturesDeps } from './features.ts';
import { ingestSegment, type IngestDeps, type IngestResult } from './ingest.ts';
import { judgeDeployment, type JudgeDeps } from './judge.ts';
import {
  batchOf,
  findAnswers,
  inputsOf,
  type FedInputs,
  type LoggedAnswer,
  type LoggedBatch,
} from './logged-answers.ts';
import { compactLog, type CompactDeps } from './log/compact-log.ts';
import { expireLog } from './log/expire-log.ts';
import type { DataRow } from '#ports/analytics';
import { queryLog, type LogQuery, type LogQueryAnswer } from './log/query-log.ts';
import { recentInputs } from './log/recent-inputs.ts';
import { recalibrateDeployment } from './recalibrate.ts';
import { recordOutcomes, type Outcome, type RecordedOutcomes } from './outcomes.ts';
import {
  featureFiles,
  labelledExamples,
  listPredictions,
  nextAnswer,
  performance,
  reach,
  type EventWindow,
  type FeatureFile,
  type LabelledExample,
  type PredictionQuery,
  type Reach,
} from './queries.store.ts';
import { countPending, lastNumber } from './store.ts';
import { predictionView } from './views.ts';

export type PredictionsDeps = IngestDeps & FeaturesDeps & ExportDeps & JudgeDeps & Pick<CompactDeps, 'ids'>;

export interface Predictions {
  /** See `ingestSegment`. */
  ingest(segment: { readonly id: string; readonly replica: string; readonly bytes: Buffer }): Promise<IngestResult>;
  /** See `recordOutcomes`. */
  recordOutcomes(deployment: string, outcomes: readonly Outcome[]): Promise<RecordedOutcomes>;
  /** Newest first. */
  list(query: PredictionQuery): Promise<{ items: Prediction[]; nextBefore: number | undefined }>;
  /** See `findAnswers`. */
  find(id: string): Promise<LoggedAnswer[]>;
  /** See `batchOf`. */
  batchOf(answer: LoggedAnswer): Promise<LoggedBatch>;
  /** See `inputsOf`. */
  inputsOf(answers: readonly LoggedAnswer[], signal?: AbortSignal): Promise<FedInputs>;
  /** Counts, mean log loss and value by revision and role; `to` is not included. */
  performance(window: EventWindow): Promise<PerformanceRow[]>;
  pendingOutcomes(deployment: string): Promise<number>;
  reach(deployment: string): Promise<Reach>;
  /** See `nextAnswer`. */
  nextAnswer(deployment: string, from: number): Promise<number | null>;
  /** What callers were told and what came true, one for each example, by event time. */
  labelled(window: EventWindow): Promise<LabelledExample[]>;
  /** Parquet files with the model-fed inputs of the window's rows, and perhaps of others. */
  featureFiles(window: EventWindow): Promise<FeatureFile[]>;
  /** See `exportLabelled`. */
  exportLabelled(wanted: ExportLabelled, cause: Cause): Promise<{ versionId: string; rows: number }>;
  /** What answers were worth whose outcome became known after `since`, up to and with `until`: what a loss budget counts. */
  realised(deployment: string, since: number, until: number): Promise<RealisedValue>;
  /** See `judgeDeployment`. */
  judge(deployment: string, isInstantComplete: boolean, cause: Cause): Promise<void>;
  /** See `recalibrateDeployment`. */
  recalibrate(deployment: string, cause: Cause): Promise<void>;
  /** See `recentInputs`. */
  recentInputs(of: { readonly deployment: string; readonly rows: number }, signal?: AbortSignal): Promise<DataRow[]>;
  /** See `queryLog`. */
  query(query: LogQuery, signal?: AbortSignal): Promise<LogQueryAnswer>;
  /** See `expireLog`. */
  expireLog(before: number): Promise<void>;
  /** See `compactLog`. */
  compactLog(deployment: string, signal?: AbortSignal): Promise<void>;
  /** See `writeFeatures`. */
  writeFeatures(segment: string, signal: AbortSignal): Promise<void>;
}

export function createPredictions(deps: PredictionsDeps): Predictions {
  const { read } = deps.database;
  return {
    ingest: (segment) => ingestSegment(deps, segment),
    recordOutcomes: (deployment, outcomes) => recordOutcomes(deps, deployment, outcomes),
    async list(query) {
      const rows = await listPredictions(read, query);
      return {
        items: rows.map(predictionView),
        nextBefore: rows.length === query.limit ? rows.at(-1)?.seq : undefined,
      };
    },
    find: (id) => findAnswers(deps, id),
    batchOf: (answer) => batchOf(deps, answer),
    inputsOf: (answers, signal) => inputsOf(deps, answers, signal),
    performance: (window) => performance(read, window),
    pendingOutcomes: (deployment) => countPending(read, deployment),
    reach: (deployment) => reach(read, deployment),
    nextAnswer: (deployment, from) => nextAnswer(read, deployment, from),
    labelled: (window) => labelledExamples(read, window),
    featureFiles: (window) => featureFiles(read, window),
    exportLabelled: (wanted, cause) => exportLabelled(deps, wanted, cause),
    realised: (deployment, since, until) => realisedValue(read, deployment, since, until),
    judge: (deployment, isInstantComplete, cause) => judgeDeployment(deps, deployment, isInstantComplete, cause),
    recalibrate: (deployment, cause) => recalibrateDeployment(deps, deployment, cause),
    recentInputs: (of, signal) => recentInputs(deps, of, signal),
    query: (query, signal) => queryLog(deps, query, signal),
    expireLog: async (before) => void (await expireLog(deps, before)),
    compactLog: async (deployment, signal) => void (await compactLog(deps, deployment, signal)),
    writeFeatures: (segment, signal) => writeFeatures(deps, segment, signal),
  };
}

/** Number of the last thing logged about a deployment: `deployments` starts its rollouts behind it. */
export function latestEvidence(database: Database): (deployment: string) => Promise<number> {
  return (deployment) => lastNumber(database.read, deployment);
}
