import type { Logger } from 'pino';
import { servingOf } from '@capstan/api';
import type { Datasets } from '#data/datasets';
import type { Project, Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import { expirySchedules, type JobHandlers, type Schedule } from '#jobs';
import { messageOf, notFound } from '#kernel/errors';
import type { Gates } from '#model/gates';
import { CALLS_KEPT_MS, consumerJobs, consumerRoutes, createConsumers, type Consumers } from '#operations/consumers';
import {
  createDeployments,
  deploymentJobs,
  deploymentRoutes,
  recalibrationSchedules,
  servingControlRoutes,
  valueMatrixOf,
  type Deployments,
  type DeploymentSpec,
  type KnownBaseline,
  type DeploymentSpecs,
  type ModelSource,
} from '#operations/deployments';
import {
  createPredictions,
  latestEvidence,
  predictionJobs,
  predictionRoutes,
  type FeedbackSink,
  type Predictions,
} from '#operations/predictions';
import type { Foundation } from './foundation.ts';

export interface OperationsNeeds {
  readonly projects: Projects;
  readonly specs: DeploymentSpecs;
  readonly models: ModelSource;
  readonly feedback: FeedbackSink;
  knownBaseline(project: string): Promise<KnownBaseline | null>;
}

export interface WiredOperations {
  readonly services: {
    readonly deployments: Deployments;
    readonly consumers: Consumers;
    readonly predictions: Predictions;
  };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<
    JobHandlers,
    | 'deployments.promote'
    | 'deployments.recalibrate'
    | 'rollouts.judge'
    | 'predictions.compact'
    | 'predictions.expire'
    | 'predictions.features'
    | 'consumers.apply'
    | 'consumers.expire'
  >;
  /** When answers are recalibrated. */
  schedules(): Promise<Schedule[]>;
}

type OperationsFoundation = Pick<
  Foundation,
  'database' | 'events' | 'jobs' | 'clock' | 'ids' | 'blobs' | 'analytics' | 'config'
>;

/** Deployments with their rollouts, who calls them, and the log of predictions that judges them. */
export function wireOperations(foundation: OperationsFoundation, needs: OperationsNeeds): WiredOperations {
  const { database, events, clock } = foundation;
  const deployments = createDeployments({ ...foundation, ...needs, latestEvidence: latestEvidence(database) });
  const consumers = createConsumers({ ...foundation, ...needs, deployments });
  const predictions = createPredictions({ ...foundation, ...needs, deployments });
  return {
    services: { deployments, consumers, predictions },
    bound: [
      ...deploymentRoutes(deployments),
      ...servingControlRoutes(deployments, () => clock.now()),
      ...consumerRoutes(consumers),
      ...predictionRoutes(predictions, deployments),
    ],
    handlers: {
      ...deploymentJobs({ events, models: needs.models }),
      ...consumerJobs(consumers, events),
      ...predictionJobs(predictions),
    },
    schedules: async () => [
      ...(await recalibrationSchedules({ specs: needs.specs, jobs: foundation.jobs })),
      ...expirySchedules(foundation.jobs, 'consumers.expire', CALLS_KEPT_MS),
      ...expirySchedules(foundation.jobs, 'predictions.expire', foundation.config.predictionRetention),
    ],
  };
}

/** The deployment that some project declares under the name. */
export function specsFrom(projects: Projects): DeploymentSpecs {
  const all = async (): Promise<DeploymentSpec[]> =>
    (await projects.list()).flatMap((project) => specOf(project) ?? []);
  return {
    async of(name) {
      const spec = (await all()).find(({ deployment }) => deployment === name);
      if (spec) return spec;
      throw notFound('deployment', name, 'Declare it under `deployment` in a capstan.yaml and apply that.');
    },
    all,
  };
}

function specOf({ name, declaration, appliedAt }: Project): DeploymentSpec | undefined {
  const { charter, model, deployment } = declaration;
  if (!deployment || !model) return undefined;
  const { loss_budget: budget } = charter;
  const { recalibration } = deployment;
  return {
    deployment: deployment.name,
    project: name,
    model: model.name,
    context: { id: deployment.context.id, eventTime: deployment.context.event_time },
    redact: deployment.log.redact,
    logSample: deployment.log.sample,
    serving: servingOf(deployment.serving),
    plan: deployment.rollout,
    analysis: deployment.analysis,
    value: valueMatrixOf(charter),
    lossBudget: budget ? { amount: budget.amount, windowMs: budget.window, onExhausted: budget.on_exhausted } : null,
    recalibration: recalibration
      ? { windowMs: recalibration.window, priorRows: recalibration.prior_rows, schedule: recalibration.schedule }
      : null,
    declaredAt: appliedAt,
  };
}

/** Labelled predictions as versions of a dataset. */
export function feedbackInto(datasets: Datasets): FeedbackSink {
  return {
    register: (request) => datasets.registerFiles({ ...request, origin: 'predictions', replace: true }),
  };
}

interface LabelSources {
  readonly projects: Pick<Projects, 'get'>;
  readonly datasets: Pick<Datasets, 'latest'>;
  readonly gates: Pick<Gates, 'countLabels'>;
}

/**
 * The share of positives among the labels of the newest accepted data. A rollout goes on without it where they cannot be
 * counted, e.g. because the feature select needs data that are not registered; the deployment then says what it lacks.
 */
export function baselineFrom({ projects, datasets, gates }: LabelSources, log: Pick<Logger, 'warn'>) {
  return async (name: string): Promise<KnownBaseline | null> => {
    const { declaration } = await projects.get(name);
    const labelled = Object.entries(declaration.datasets).find(
      ([, { from, label }]) => from !== 'predictions' && label !== undefined,
    );
    const version = labelled && (await datasets.latest(name, labelled[0], 'accepted'));
    if (!version) return null;
    try {
      const { rows, positives } = await gates.countLabels(name, version.id);
      if (rows === 0) return null;
      const source = `the share of positives among ${rows} labels of ${version.dataset}@${version.number}`;
      return { probability: positives / rows, source };
    } catch (error) {
      log.warn({ project: name }, `no baseline can be measured: ${messageOf(error)}`);
      return null;
    }
  };
}
