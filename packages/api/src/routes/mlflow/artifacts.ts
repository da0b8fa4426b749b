import { change, core, read, type MlflowCall } from './call.ts';

const files = '/2.0/mlflow-artifacts/artifacts';
/** One file; the disk is the limit. */
const FILE_LIMIT_BYTES = 2 ** 42;
/** What the interface uploads in one piece. */
const UPLOAD_LIMIT_BYTES = 10_000_000;

export const artifactCalls = {
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
} as const satisfies Record<string, MlflowCall>;
