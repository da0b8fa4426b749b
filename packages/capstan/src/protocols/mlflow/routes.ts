import { mlflowRoutes, type MlflowCallName } from '@capstan/api';
import { bindRaw, type BoundRoute } from '#http';
import type { Evaluations } from '#model/evaluations';
import type { Experiments, SignedLinks } from '#model/experiments';
import type { ModelRegistry } from '#model/registry';
import type { Traces } from '#model/traces';
import type { Webhooks } from '#operations/webhooks';
import { artifactCalls } from './artifacts/artifacts.ts';
import { multipartCalls } from './artifacts/multipart.ts';
import { presignedCalls } from './artifacts/presigned.ts';
import { datasetCalls } from './evaluations/datasets.ts';
import { scorerCalls } from './evaluations/scorers.ts';
import type { Handler } from './wire/call.ts';
import { experimentCalls } from './tracking/experiments.ts';
import { jsonReply } from './wire/json-reply.ts';
import { loggedModelCalls } from './tracking/logged-models.ts';
import { metricCalls } from './tracking/metrics.ts';
import { registryCalls } from './registry/registry.ts';
import { runCalls } from './tracking/runs.ts';
import { assessmentCalls } from './traces/assessments.ts';
import { oldTraceCalls } from './traces/old-traces.ts';
import { fileFinder, traceArtifactCalls, withTraceFiles } from './traces/trace-files.ts';
import { traceCalls } from './traces/traces.ts';
import { userCalls } from './users/users.ts';
import { webhookCalls } from './webhooks/webhooks.ts';

/** The release whose API this is: clients choose by it how they speak. */
const MLFLOW_VERSION = '3.17.2';

/** What clients ask before they move files: nothing that is not done here is offered. */
const serverInfo = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: true,
  presigned_upload_run_id_supported: true,
  presigned_upload_model_id_supported: true,
  features_enabled: { gateway: false },
};

/** As of a server that is told of no gateway: its users see an empty one. */
const noGateway = { endpoints: [] };

const text =
  (body: string): Handler =>
  async () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });

/** Every call of the table with its handler, under `/api` and `/ajax-api`. */
export function mlflowRoutesOf(deps: {
  readonly experiments: Experiments;
  readonly registry: ModelRegistry;
  readonly traces: Traces;
  readonly evaluations: Evaluations;
  readonly webhooks: Webhooks;
  readonly links: SignedLinks;
  /** Address of this server in links, where it is not the one that clients call. */
  readonly publicUrl: string | null;
}): BoundRoute[] {
  const handlers = {
    health: text('OK'),
    version: text(MLFLOW_VERSION),
    serverInfo: async () => jsonReply(serverInfo),
    gatewayProxy: async () => jsonReply(noGateway),
    askGatewayProxy: async () => jsonReply(noGateway),
    ...userCalls(),
    ...experimentCalls(deps.experiments),
    ...runCalls(deps.experiments),
    ...metricCalls(deps.experiments),
    ...withTraceFiles(artifactCalls(deps.experiments, deps.registry), deps.traces),
    ...multipartCalls(deps.experiments, deps.publicUrl),
    ...presignedCalls(deps.experiments, deps.links, { publicUrl: deps.publicUrl, findFile: fileFinder(deps) }),
    ...loggedModelCalls(deps.experiments),
    ...registryCalls(deps.registry),
    ...traceCalls(deps.traces),
    ...oldTraceCalls(deps.traces),
    ...assessmentCalls(deps.traces),
    ...traceArtifactCalls(deps.traces),
    ...datasetCalls(deps.evaluations),
    ...scorerCalls(deps.evaluations),
    ...webhookCalls(deps.webhooks),
  } satisfies Readonly<Record<MlflowCallName, Handler>>;
  return Object.entries<Handler>(handlers).flatMap(([name, handle]) =>
    mlflowRoutes[name as MlflowCallName].map((route) => bindRaw(route, handle)),
  );
}
