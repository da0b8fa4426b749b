import { ask, change, read, type MlflowCall } from './call.ts';

const datasets = '/3.0/mlflow/datasets';
const dataset = `${datasets}/:dataset_id`;
const scorers = '/3.0/mlflow/scorers';
/** Clients send all records that are merged in one message. */
const RECORDS_LIMIT_BYTES = 67_108_864;

export const evaluationCalls = {
  createDataset: change(
    'POST',
    `${datasets}/create`,
    'evaluation-dataset.create',
    'MLflow: make an evaluation dataset',
  ),
  getDataset: read(dataset, 'MLflow: an evaluation dataset'),
  deleteDataset: change('DELETE', dataset, 'evaluation-dataset.delete', 'MLflow: remove an evaluation dataset'),
  searchEvaluationDatasets: ask(`${datasets}/search`, 'MLflow: search evaluation datasets'),
  searchEvaluationDatasetsByGet: read(`${datasets}/search`, 'MLflow: search evaluation datasets'),
  setDatasetTags: change('PATCH', `${dataset}/tags`, 'evaluation-dataset.tag', 'MLflow: tag an evaluation dataset'),
  deleteDatasetTag: change(
    'DELETE',
    `${dataset}/tags/:key`,
    'evaluation-dataset.tag',
    'MLflow: remove a tag of an evaluation dataset',
  ),
  upsertDatasetRecords: change(
    'POST',
    `${dataset}/records`,
    'evaluation-dataset.merge-records',
    'MLflow: merge records into an evaluation dataset',
    { bodyLimitBytes: RECORDS_LIMIT_BYTES },
  ),
  getDatasetRecords: read(`${dataset}/records`, 'MLflow: records of an evaluation dataset'),
  deleteDatasetRecords: change(
    'DELETE',
    `${dataset}/records`,
    'evaluation-dataset.delete-records',
    'MLflow: remove records of an evaluation dataset',
  ),
  getDatasetExperimentIds: read(`${dataset}/experiment-ids`, 'MLflow: experiments of an evaluation dataset'),
  addDatasetToExperiments: change(
    'POST',
    `${dataset}/add-experiments`,
    'evaluation-dataset.link',
    'MLflow: link an evaluation dataset to experiments',
  ),
  removeDatasetFromExperiments: change(
    'POST',
    `${dataset}/remove-experiments`,
    'evaluation-dataset.unlink',
    'MLflow: unlink an evaluation dataset from experiments',
  ),

  registerScorer: change('POST', `${scorers}/register`, 'scorer.register', 'MLflow: register a version of a scorer'),
  listScorers: read(`${scorers}/list`, 'MLflow: the newest version of each scorer'),
  listScorerVersions: read(`${scorers}/versions`, 'MLflow: versions of a scorer'),
  getScorer: read(`${scorers}/get`, 'MLflow: a version of a scorer'),
  deleteScorer: change('DELETE', `${scorers}/delete`, 'scorer.delete', 'MLflow: remove a scorer, or a version of it'),
  getOnlineScoringConfigs: read(`${scorers}/online-configs`, 'MLflow: which scorers run by themselves: none do'),
} as const satisfies Record<string, MlflowCall>;
