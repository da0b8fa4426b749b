import { foundation } from './0001-foundation.ts';
import { design } from './0002-design.ts';
import { data } from './0003-data.ts';
import { model } from './0004-model.ts';
import { pipelines } from './0004b-pipelines.ts';
import { gates } from './0004c-gates.ts';
import { operations } from './0005-operations.ts';
import { retraining } from './0007-retraining.ts';
import { monitors } from './0008-monitors.ts';
import { debt } from './0009-debt.ts';
import { fileScans } from './0010-file-scans.ts';
import { feedbackParts } from './0011-feedback-parts.ts';
import { recalibration } from './0012-recalibration.ts';
import { traces } from './0013-traces.ts';
import { webhooks } from './0014-webhooks.ts';
import { modelHistory } from './0014b-model-history.ts';
import { retention } from './0015-retention.ts';
import { imports } from './0016-imports.ts';
import { leanEventIndexes } from './0017-lean-event-indexes.ts';
import { runParents } from './0018-run-parents.ts';
import { evaluations } from './0019-evaluations.ts';
import { metricPyramids } from './0021-metric-pyramids.ts';
import { earlyTraceLinks } from './0023-early-trace-links.ts';
import { searchIndexes } from './0025-search-indexes.ts';
import { filesOfCopiedVersions } from './0028-files-of-copied-versions.ts';
import { expectationTests } from './0029-expectation-tests.ts';
import { features } from './0030-features.ts';
import { sweeps } from './0031-sweeps.ts';
import { reportedRuns } from './0032-reported-runs.ts';
import { parallelStages } from './0033-parallel-stages.ts';
import { quarantinedRows } from './0034-quarantined-rows.ts';
import { lineageOfCheckouts } from './0035-lineage-of-checkouts.ts';
import { modelPackages } from './0036-model-packages.ts';
import { predictionLog } from './0037-prediction-log.ts';
import { logSample } from './0038-log-sample.ts';
import { consumers } from './0039-consumers.ts';
import { callCounts } from './0040-call-counts.ts';
import { servingSettings } from './0041-serving-settings.ts';
import { batchPredictions } from './0042-batch-predictions.ts';
import { unknownCallers } from './0043-unknown-callers.ts';
import { executorsOfBatches } from './0044-executors-of-batches.ts';
import type { Migration } from './migration.ts';

/** Every step in order. A step that has been released is never changed. */
export const migrations: readonly Migration[] = [
  foundation,
  design,
  data,
  model,
  pipelines,
  gates,
  operations,
  retraining,
  monitors,
  debt,
  fileScans,
  feedbackParts,
  recalibration,
  traces,
  webhooks,
  modelHistory,
  retention,
  imports,
  leanEventIndexes,
  runParents,
  evaluations,
  metricPyramids,
  earlyTraceLinks,
  searchIndexes,
  filesOfCopiedVersions,
  expectationTests,
  features,
  sweeps,
  reportedRuns,
  parallelStages,
  quarantinedRows,
  lineageOfCheckouts,
  modelPackages,
  predictionLog,
  logSample,
  consumers,
  callCounts,
  servingSettings,
  batchPredictions,
  unknownCallers,
  executorsOfBatches,
];
