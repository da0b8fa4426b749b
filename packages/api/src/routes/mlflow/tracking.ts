import { ask, change, core, read, type MlflowCall } from './call.ts';

/** A thousand metrics with the longest names, and params that are cut to length here. */
const BATCH_LIMIT_BYTES = 8_000_000;
/** Profiles of datasets may have 16 MB. */
const INPUTS_LIMIT_BYTES = 64_000_000;

export const trackingCalls = {
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
} as const satisfies Record<string, MlflowCall>;
