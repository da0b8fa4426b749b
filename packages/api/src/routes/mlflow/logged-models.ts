import { ask, change, core, read, type MlflowCall } from './call.ts';

export const loggedModelCalls = {
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
} as const satisfies Record<string, MlflowCall>;
