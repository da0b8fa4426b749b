import { ask, change, core, read, type MlflowCall } from './call.ts';

export const registryCalls = {
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
