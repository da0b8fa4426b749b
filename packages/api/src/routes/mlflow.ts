// MLflow's REST API as its Python, Java and R clients call it: paths and methods only. Bodies are MLflow's protobuf
// messages in JSON; protocols/mlflow reads and writes them. Every call also lives under /ajax-api.
import { defineRawRoute, type Method, type Permission, type RawRoute } from '../route.ts';

interface MlflowCall {
  readonly method: Method;
  /** Behind `/api` and `/ajax-api`, or the whole path for `at: 'root'`. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly audit: string;
  readonly bodyLimitBytes: number;
  readonly bodyAs: RawRoute['bodyAs'];
  readonly at: 'both' | 'ajax' | 'root';
}

type Options = Partial<Pick<MlflowCall, 'permission' | 'bodyLimitBytes' | 'bodyAs' | 'at'>>;

const JSON_LIMIT_BYTES = 2_000_000;
/** A thousand metrics with the longest names, and params that are cut to length here. */
const BATCH_LIMIT_BYTES = 8_000_000;
/** Profiles of datasets may have 16 MB. */
const INPUTS_LIMIT_BYTES = 64_000_000;
/** One file; the disk is the limit. */
const FILE_LIMIT_BYTES = 2 ** 42;
/** What the interface uploads in one piece. */
const UPLOAD_LIMIT_BYTES = 10_000_000;

function read(path: string, summary: string, options: Options = {}): MlflowCall {
  const basics = { permission: 'read', audit: 'none', bodyLimitBytes: 0, bodyAs: 'none', at: 'both' } as const;
  return { method: 'GET', path, summary, ...basics, ...options };
}

/** A question that is asked by POST, since it is long. */
function ask(path: string, summary: string, options: Options = {}): MlflowCall {
  const basics = {
    permission: 'read',
    audit: 'none',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    bodyAs: 'bytes',
    at: 'both',
  } as const;
  return { method: 'POST', path, summary, ...basics, ...options };
}

function change(method: Method, path: string, audit: string, summary: string, options: Options = {}): MlflowCall {
  const basics = { permission: 'write', bodyLimitBytes: JSON_LIMIT_BYTES, bodyAs: 'bytes', at: 'both' } as const;
  return { method, path, audit, summary, ...basics, ...options };
}

const core = '/2.0/mlflow';
const files = '/2.0/mlflow-artifacts/artifacts';

/** Every call that Capstan answers. */
export const mlflowCalls = {
  health: read('/health', 'MLflow: the server is up', { permission: 'public', at: 'root' }),
  version: read('/version', 'MLflow: the release whose API this is', { permission: 'public', at: 'root' }),
  serverInfo: read('/3.0/mlflow/server-info', 'MLflow: what the server offers', { permission: 'public' }),

  createExperiment: change('POST', `${core}/experiments/create`, 'experiment.create', 'MLflow: create an experiment'),
  getExperiment: read(`${core}/experiments/get`, 'MLflow: an experiment by id'),
  getExperimentByName: read(`${core}/experiments/get-by-name`, 'MLflow: an experiment by name'),
  deleteExperiment: change('POST', `${core}/experiments/delete`, 'experiment.delete', 'MLflow: delete an experiment'),
  restoreExperiment: change(
    'POST',
    `${core}/experiments/restore`,
    'experiment.restore',
    'MLflow: restore an experiment',
  ),
  updateExperiment: change('POST', `${core}/experiments/update`, 'experiment.rename', 'MLflow: rename an experiment'),
  searchExperiments: ask(`${core}/experiments/search`, 'MLflow: search experiments'),
  listExperiments: read(`${core}/experiments/search`, 'MLflow: search experiments, by query'),
  setExperimentTag: change(
    'POST',
    `${core}/experiments/set-experiment-tag`,
    'experiment.tag',
    'MLflow: tag an experiment',
  ),
  deleteExperimentTag: change(
    'POST',
    `${core}/experiments/delete-experiment-tag`,
    'experiment.tag',
    'MLflow: remove a tag of an experiment',
  ),
  searchDatasets: ask(`${core}/experiments/search-datasets`, 'MLflow: datasets of experiments', { at: 'ajax' }),

  createRun: change('POST', `${core}/runs/create`, 'run.create', 'MLflow: create a run'),
  getRun: read(`${core}/runs/get`, 'MLflow: a run'),
  updateRun: change('POST', `${core}/runs/update`, 'run.update', 'MLflow: change status, end or name of a run'),
  deleteRun: change('POST', `${core}/runs/delete`, 'run.delete', 'MLflow: delete a run'),
  restoreRun: change('POST', `${core}/runs/restore`, 'run.restore', 'MLflow: restore a run'),
  logMetric: change('POST', `${core}/runs/log-metric`, 'run.log', 'MLflow: log a metric'),
  logParam: change('POST', `${core}/runs/log-parameter`, 'run.log', 'MLflow: log a param'),
  setTag: change('POST', `${core}/runs/set-tag`, 'run.tag', 'MLflow: tag a run'),
  deleteTag: change('POST', `${core}/runs/delete-tag`, 'run.tag', 'MLflow: remove a tag of a run'),
  logBatch: change('POST', `${core}/runs/log-batch`, 'run.log', 'MLflow: log metrics, params and tags', {
    bodyLimitBytes: BATCH_LIMIT_BYTES,
  }),
  logInputs: change('POST', `${core}/runs/log-inputs`, 'run.log', 'MLflow: log datasets and models that a run read', {
    bodyLimitBytes: INPUTS_LIMIT_BYTES,
  }),
  logOutputs: change('POST', `${core}/runs/outputs`, 'run.log', 'MLflow: log models that a run wrote'),
  logModel: change('POST', `${core}/runs/log-model`, 'run.log', 'MLflow: log a model, for old clients'),
  searchRuns: ask(`${core}/runs/search`, 'MLflow: search runs'),

  metricHistory: read(`${core}/metrics/get-history`, 'MLflow: every point of a metric'),
  sampledMetricHistory: read(`${core}/metrics/get-history-bulk-interval`, 'MLflow: a sample of a metric over runs'),
  bulkMetricHistory: read(`${core}/metrics/get-history-bulk`, 'MLflow: every point of a metric over runs', {
    at: 'ajax',
  }),

  listArtifacts: read(`${core}/artifacts/list`, 'MLflow: files of a run'),
  listFiles: read(files, 'MLflow: files in a folder of the artifact store'),
  downloadFile: read(`${files}/*`, 'MLflow: a file of the artifact store'),
  uploadFile: change('PUT', `${files}/*`, 'artifact.put', 'MLflow: store a file', {
    bodyAs: 'stream',
    bodyLimitBytes: FILE_LIMIT_BYTES,
  }),
  deleteFile: change('DELETE', `${files}/*`, 'artifact.delete', 'MLflow: remove a file or folder'),
  getRunArtifact: read('/get-artifact', 'MLflow: a file of a run', { at: 'root' }),
  getVersionArtifact: read('/model-versions/get-artifact', 'MLflow: a file of a model version', { at: 'root' }),
  uploadArtifact: change('POST', `${core}/upload-artifact`, 'artifact.put', 'MLflow: store a file of a run', {
    at: 'ajax',
    bodyAs: 'stream',
    bodyLimitBytes: UPLOAD_LIMIT_BYTES,
  }),

  createLoggedModel: change('POST', `${core}/logged-models`, 'logged-model.create', 'MLflow: create a logged model'),
  searchLoggedModels: ask(`${core}/logged-models/search`, 'MLflow: search logged models'),
  getLoggedModel: read(`${core}/logged-models/:model_id`, 'MLflow: a logged model'),
  finalizeLoggedModel: change(
    'PATCH',
    `${core}/logged-models/:model_id`,
    'logged-model.end',
    'MLflow: end the logging of a model',
  ),
  deleteLoggedModel: change(
    'DELETE',
    `${core}/logged-models/:model_id`,
    'logged-model.delete',
    'MLflow: delete a logged model',
  ),
  setLoggedModelTags: change(
    'PATCH',
    `${core}/logged-models/:model_id/tags`,
    'logged-model.tag',
    'MLflow: tag a logged model',
  ),
  deleteLoggedModelTag: change(
    'DELETE',
    `${core}/logged-models/:model_id/tags/:tag_key`,
    'logged-model.tag',
    'MLflow: remove a tag of a logged model',
  ),
  logLoggedModelParams: change(
    'POST',
    `${core}/logged-models/:model_id/params`,
    'logged-model.log',
    'MLflow: params of a logged model',
  ),
  listLoggedModelFiles: read(
    `${core}/logged-models/:model_id/artifacts/directories`,
    'MLflow: files of a logged model',
  ),
  getLoggedModelFile: read(`${core}/logged-models/:model_id/artifacts/files`, 'MLflow: a file of a logged model', {
    at: 'ajax',
  }),

  createModel: change('POST', `${core}/registered-models/create`, 'model.create', 'MLflow: register a model'),
  getModel: read(`${core}/registered-models/get`, 'MLflow: a registered model'),
  updateModel: change(
    'PATCH',
    `${core}/registered-models/update`,
    'model.describe',
    'MLflow: describe a registered model',
  ),
  renameModel: change('POST', `${core}/registered-models/rename`, 'model.rename', 'MLflow: rename a registered model'),
  deleteModel: change(
    'DELETE',
    `${core}/registered-models/delete`,
    'model.delete',
    'MLflow: delete a registered model',
  ),
  searchModels: read(`${core}/registered-models/search`, 'MLflow: search registered models'),
  latestVersions: ask(`${core}/registered-models/get-latest-versions`, 'MLflow: the newest version of each stage'),
  latestVersionsByQuery: read(
    `${core}/registered-models/get-latest-versions`,
    'MLflow: the newest version of each stage, by query',
  ),
  setModelTag: change('POST', `${core}/registered-models/set-tag`, 'model.tag', 'MLflow: tag a registered model'),
  deleteModelTag: change(
    'DELETE',
    `${core}/registered-models/delete-tag`,
    'model.tag',
    'MLflow: remove a tag of a registered model',
  ),
  setAlias: change(
    'POST',
    `${core}/registered-models/alias`,
    'model-alias.set',
    'MLflow: point an alias to a version',
    {
      permission: 'deploy',
    },
  ),
  getVersionByAlias: read(`${core}/registered-models/alias`, 'MLflow: the version of an alias'),
  deleteAlias: change('DELETE', `${core}/registered-models/alias`, 'model-alias.remove', 'MLflow: remove an alias', {
    permission: 'deploy',
  }),
  createVersion: change(
    'POST',
    `${core}/model-versions/create`,
    'model-version.create',
    'MLflow: create a model version',
  ),
  getVersion: read(`${core}/model-versions/get`, 'MLflow: a model version'),
  updateVersion: change(
    'PATCH',
    `${core}/model-versions/update`,
    'model-version.describe',
    'MLflow: describe a model version',
  ),
  deleteVersion: change(
    'DELETE',
    `${core}/model-versions/delete`,
    'model-version.delete',
    'MLflow: delete a model version',
  ),
  searchVersions: read(`${core}/model-versions/search`, 'MLflow: search model versions'),
  getDownloadUri: read(`${core}/model-versions/get-download-uri`, 'MLflow: where the files of a model version are'),
  setVersionTag: change('POST', `${core}/model-versions/set-tag`, 'model-version.tag', 'MLflow: tag a model version'),
  deleteVersionTag: change(
    'DELETE',
    `${core}/model-versions/delete-tag`,
    'model-version.tag',
    'MLflow: remove a tag of a model version',
  ),
  transitionStage: change(
    'POST',
    `${core}/model-versions/transition-stage`,
    'model-version.stage',
    'MLflow: move a version to a stage',
    {
      permission: 'deploy',
    },
  ),
} as const satisfies Record<string, MlflowCall>;

export type MlflowCallName = keyof typeof mlflowCalls;

/** The routes of each call, by the call's name. */
export const mlflowRoutes = Object.fromEntries(
  Object.entries<MlflowCall>(mlflowCalls).map(([name, call]) => [name, routesOf(name, call)]),
) as unknown as { readonly [Name in MlflowCallName]: readonly RawRoute[] };

function routesOf(name: string, { at, path, ...rest }: MlflowCall): RawRoute[] {
  const route = (suffix: string, fullPath: string) =>
    defineRawRoute({ name: `mlflow.${name}${suffix}`, path: fullPath, protocol: 'mlflow', ...rest });
  if (at === 'root') return [route('', path)];
  const ajax = route('Ajax', `/ajax-api${path}`);
  return at === 'ajax' ? [ajax] : [route('', `/api${path}`), ajax];
}

/** As the route table wants them: one entry each. */
export const mlflow: Readonly<Record<string, RawRoute>> = Object.fromEntries(
  Object.values(mlflowRoutes)
    .flat()
    .map((route) => [route.name.slice('mlflow.'.length), route]),
);
