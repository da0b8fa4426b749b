import type { api } from './api.ts';

/** What a read gives: `Reply<typeof api.projects.get>`. */
export type Reply<Call extends (...given: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>;

/** One of a list. */
export type Item<Call extends (...given: never[]) => Promise<{ readonly items: readonly unknown[] }>> =
  Reply<Call>['items'][number];

export type DatasetSummary = Item<typeof api.datasets.list>;
export type VersionSummary = Item<typeof api.datasets.versions>;
export type DatasetVersionReply = Reply<typeof api.datasets.getVersion>;
export type FeatureViewReply = Item<typeof api.features.list>;
export type DatasetDiffReply = Reply<typeof api.datasets.diff>;
export type ExpectationTestSummary = Item<typeof api.expectations.tests>;
export type ExpectationTestReply = Reply<typeof api.expectations.getTest>;
export type RunReply = Reply<typeof api.experiments.getRun>;
export type RunSummary = Item<typeof api.experiments.searchRuns>;
export type RunGroupReply = Item<typeof api.experiments.groupRuns>;
export type SeriesReply = Item<typeof api.experiments.metricSeries>;
export type TraceSummary = Item<typeof api.traces.list>;
export type TraceReply = Reply<typeof api.traces.get>;
export type TraceSpan = TraceReply['spans'][number];
export type EvaluationDatasetReply = Reply<typeof api.evaluations.getDataset>;
export type EvaluationDatasetSummary = Item<typeof api.evaluations.listDatasets>;
export type EvaluationRecord = Item<typeof api.evaluations.records>;
export type PipelineRunReply = Reply<typeof api.pipelines.get>;
export type PipelineRunSummary = Item<typeof api.pipelines.list>;
export type SweepReply = Reply<typeof api.sweeps.get>;
export type SweepSummary = Item<typeof api.sweeps.list>;
export type TrialReply = SweepReply['items'][number];
export type DeploymentReply = Reply<typeof api.deployments.get>;
export type ConsumerReply = Item<typeof api.consumers.list>;
export type ConsumerDetailReply = Reply<typeof api.consumers.get>;
export type CallerReply = Item<typeof api.consumers.callers>;
export type RevisionReply = Item<typeof api.deployments.revisions>;
export type RecalibrationReply = Reply<typeof api.deployments.recalibrations>['items'][number];
export type BatchPredictionReply = Item<typeof api.batchPredictions.list>;
export type PredictionReply = Item<typeof api.predictions.list>;
export type RolloutReply = Item<typeof api.deployments.rollouts>;
export type NeedReply = Item<typeof api.needs.list>;
export type MonitorSummaryReply = Item<typeof api.monitors.list>;
export type MonitorReply = Reply<typeof api.monitors.get>;
export type MonitorWindow = MonitorReply['items'][number];
export type CycleReply = Reply<typeof api.cycles.get>;
export type CycleSummaryReply = Item<typeof api.cycles.list>;
export type ProjectReply = Reply<typeof api.projects.get>;
export type ExpectationReport = NonNullable<DatasetVersionReply['report']>;
export type ExpectationResult = ExpectationReport['results'][number];
export type DatasetQuarantine = NonNullable<DatasetVersionReply['quarantine']>;
export type DatasetProfile = NonNullable<DatasetVersionReply['profile']>;
export type ColumnProfile = DatasetProfile['columns'][number];
export type GateVerdict = Reply<typeof api.gates.get>;
export type EvidenceRef = CycleReply['steps'][number]['evidence'][number];
export type ValueReply = Reply<typeof api.value.summary>;
export type ValueRow = ValueReply['rows'][number];
export type DebtReply = Reply<typeof api.debt.get>;
export type DebtItem = DebtReply['items'][number];
export type EventRecord = Item<typeof api.system.events>;
