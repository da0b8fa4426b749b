import type { MetricFamily, MetricSample } from '#kernel/exposition';
import { histogramSamples } from '#kernel/exposition';
import type { ModelStatus } from '#ports/model-runtime';
import type { BatchCounts } from './batching/batch-counts.ts';
import type { ShelvedModel } from './model-shelf.ts';
import type { PlaneStatus } from './plane-status.ts';
import type { ServedState } from './served-state.ts';
import { outcomes, refusals, type AnsweredBy, type RequestCounts, type ServingStatistics } from './statistics.ts';

type States = ReadonlyMap<string, ServedState>;
type Labels = Readonly<Record<string, string>>;

/**
 * What a data plane tells Prometheus: seconds, bytes, and counts since this process began. Labels are those of what is
 * served now; what is gone is told no more.
 */
export function planeMetrics(
  status: PlaneStatus & { readonly rowsInHand: number },
  states: States,
  statistics: ServingStatistics,
): MetricFamily[] {
  const requests = [...states.keys()].map((deployment) => [{ deployment }, statistics.requestsOf(deployment)] as const);
  return [
    ...answerFamilies(statistics.read(states)),
    ...requestFamilies(requests),
    ...batchFamilies(states),
    ...readinessFamilies(status, states),
    ...memoryFamilies(status, states),
    ...pythonFamilies(states),
    one('gauge', 'capstan_rows_in_hand', 'Rows of requests that are being answered', status.rowsInHand),
    one('gauge', 'capstan_shadow_rows_waiting', 'Rows that wait for a shadow', status.shadowRowsWaiting),
    one('counter', 'capstan_shadow_rows_dropped_total', 'Rows that no shadow answered', status.shadowRowsDropped),
    one('gauge', 'capstan_segments_waiting', 'Parts of the log that wait to be shipped', status.segmentsWaiting),
    one('gauge', 'capstan_segments_rejected', 'Parts of the log that were refused', status.segmentsRejected),
    one('gauge', 'capstan_snapshot_version', 'Version of what is served', status.snapshotVersion),
    one(
      'gauge',
      'capstan_control_plane_reachable',
      'Whether the control plane answered last time',
      Number(status.isControlPlaneReachable),
    ),
  ];
}

function answerFamilies(answered: readonly AnsweredBy[]): MetricFamily[] {
  const labelled = answered.map(({ deployment, revision, role, counts }) => {
    return { labels: { deployment, revision: String(revision), role }, counts };
  });
  const byOutcome = (of: 'rows' | 'requests'): MetricSample[] =>
    labelled.flatMap(({ labels, counts }) =>
      outcomes.map((outcome) => ({ labels: { ...labels, outcome }, value: counts[of][outcome] })),
    );
  return [
    {
      name: 'capstan_predictions_total',
      help: 'Rows that a revision was asked, by what became of them',
      type: 'counter',
      samples: byOutcome('rows'),
    },
    {
      name: 'capstan_prediction_requests_total',
      help: 'Requests, or parts of them, that a revision was asked',
      type: 'counter',
      samples: byOutcome('requests'),
    },
    {
      name: 'capstan_prediction_duration_seconds',
      help: 'Time from the arrival of a request at a revision to its answer',
      type: 'histogram',
      samples: labelled.flatMap(({ labels, counts }) => histogramSamples(labels, counts.seconds)),
    },
  ];
}

function requestFamilies(requests: readonly (readonly [Labels, RequestCounts])[]): MetricFamily[] {
  return [
    {
      name: 'capstan_request_duration_seconds',
      help: 'Time from a request that has been read to its answer, with the log of it',
      type: 'histogram',
      samples: requests.flatMap(([labels, { seconds }]) => histogramSamples(labels, seconds)),
    },
    {
      name: 'capstan_requests_refused_total',
      help: 'Requests that nothing is wrong with and that could not be answered',
      type: 'counter',
      samples: requests.flatMap(([labels, { refused }]) =>
        refusals.map((code) => ({ labels: { ...labels, reason: code.toLowerCase() }, value: refused[code] })),
      ),
    },
  ];
}

function batchFamilies(states: States): MetricFamily[] {
  const batches = [...states].flatMap(([deployment, { revisions }]) =>
    [...revisions].map(([revision, { model }]) => {
      return {
        labels: { deployment, revision: String(revision) },
        counts: model.counts(),
        waiting: model.waitingRows(),
      };
    }),
  );
  const histogram = (name: string, help: string, of: 'rows' | 'waits'): MetricFamily => ({
    name,
    help,
    type: 'histogram',
    samples: batches.flatMap(({ labels, counts }: { labels: Labels; counts: BatchCounts }) =>
      histogramSamples(labels, counts[of]),
    ),
  });
  return [
    histogram('capstan_queue_wait_seconds', 'Time that requests waited for their model', 'waits'),
    histogram('capstan_batch_rows', 'Rows of one execution; requests where a model reads them itself', 'rows'),
    {
      name: 'capstan_execution_seconds_total',
      help: 'Time that executions of the model took',
      type: 'counter',
      samples: batches.map(({ labels, counts }) => ({ labels, value: counts.executionMs / 1_000 })),
    },
    {
      name: 'capstan_queue_rows',
      help: 'Rows that wait for their model; requests where it reads them itself',
      type: 'gauge',
      samples: batches.map(({ labels, waiting }) => ({ labels, value: waiting })),
    },
  ];
}

function readinessFamilies({ deployments }: PlaneStatus, states: States): MetricFamily[] {
  const models = [...states].flatMap(([deployment, { revisions, loading, failures }]) => {
    const readiness = new Map([...loading, ...failures].map(({ revision }) => [revision, 0]));
    for (const revision of revisions.keys()) readiness.set(revision, 1);
    return [...readiness].map(([revision, value]) => ({ labels: { deployment, revision: String(revision) }, value }));
  });
  const byDeployment = (of: (entry: PlaneStatus['deployments'][number]) => boolean): MetricSample[] =>
    deployments.map((entry) => ({ labels: { deployment: entry.name }, value: Number(of(entry)) }));
  return [
    {
      name: 'capstan_model_ready',
      help: 'Whether the model of a revision is loaded',
      type: 'gauge',
      samples: models,
    },
    {
      name: 'capstan_deployment_ready',
      help: 'Whether a deployment can answer',
      type: 'gauge',
      samples: byDeployment(({ isReady }) => isReady),
    },
    {
      name: 'capstan_breaker_open',
      help: 'Whether the champion of a deployment is kept from answering',
      type: 'gauge',
      samples: byDeployment(({ breaker }) => breaker === 'open'),
    },
  ];
}

function memoryFamilies({ modelMemory }: PlaneStatus, states: States): MetricFamily[] {
  const models = [...states].flatMap(([deployment, { revisions }]) =>
    [...revisions].map(([revision, { model }]) => ({ labels: { deployment, revision: String(revision) }, model })),
  );
  const family = (
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    of: (model: ShelvedModel) => number,
  ): MetricFamily => ({
    name,
    help,
    type,
    samples: models.map(({ labels, model }) => ({ labels, value: of(model) })),
  });
  return [
    family(
      'gauge',
      'capstan_model_loaded',
      'Whether a model is in memory; the next request loads it where it is not',
      (model) => Number(model.isLoaded()),
    ),
    family('gauge', 'capstan_model_memory_bytes', 'What a model takes, as measured when it was tried', (model) =>
      model.memoryBytes(),
    ),
    family('counter', 'capstan_model_loads_total', 'How often a model was loaded', (model) => model.loads()),
    one('gauge', 'capstan_models_memory_bytes', 'What all models take together', modelMemory.takenBytes),
    ...(modelMemory.budgetBytes === null
      ? []
      : [one('gauge', 'capstan_models_memory_budget_bytes', 'What they may take', modelMemory.budgetBytes)]),
  ];
}

function pythonFamilies(states: States): MetricFamily[] {
  const models = [...states].flatMap(([deployment, { revisions }]) =>
    [...revisions].flatMap(([revision, { model }]) => {
      const status = model.status();
      return status ? [{ labels: { deployment, revision: String(revision) }, workers: status.workers }] : [];
    }),
  );
  const family = (
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    of: (workers: ModelStatus['workers']) => number,
  ): MetricFamily => ({
    name,
    help,
    type,
    samples: models.map(({ labels, workers }) => ({ labels, value: of(workers) })),
  });
  return [
    family('gauge', 'capstan_python_workers', 'Processes that a Python model is to have', (all) => all.length),
    family(
      'gauge',
      'capstan_python_workers_up',
      'Those of them that can answer',
      (all) => all.filter(({ state }) => state === 'idle' || state === 'busy').length,
    ),
    family('counter', 'capstan_python_worker_restarts_total', 'How often they were started again', (all) =>
      all.reduce((sum, { restarts }) => sum + restarts, 0),
    ),
    family(
      'gauge',
      'capstan_python_workers_resident_memory_bytes',
      'Resident memory of them all with what they started',
      (all) => all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    ),
  ];
}

function one(type: 'counter' | 'gauge', name: string, help: string, value: number): MetricFamily {
  return { name, help, type, samples: [{ value }] };
}
