import { change, core, read, type MlflowCall } from './call.ts';

const store = '/2.0/mlflow-artifacts';
const files = `${store}/artifacts`;
/** One file; the disk is the limit. */
const FILE_LIMIT_BYTES = 2 ** 42;
/** One part of a file: as much as an object store takes. */
const PART_LIMIT_BYTES = 5 * 2 ** 30;
/** What the interface uploads in one piece. */
const UPLOAD_LIMIT_BYTES = 10 * 2 ** 20;

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
  createMultipart: change('POST', `${store}/mpu/create/*`, 'artifact.put', 'MLflow: begin a file in parts', {
    bodyLimitBytes: 100_000,
  }),
  completeMultipart: change('POST', `${store}/mpu/complete/*`, 'artifact.put', 'MLflow: make a file of its parts'),
  abortMultipart: change('POST', `${store}/mpu/abort/*`, 'artifact.put', 'MLflow: drop a file in parts', {
    bodyLimitBytes: 100_000,
  }),
  // The address is the right to do it: clients send nothing else along with it.
  uploadPart: change('PUT', `${store}/mpu/parts/:upload/:part`, 'artifact.put', 'A part of a file, by its address', {
    permission: 'public',
    bodyAs: 'stream',
    bodyLimitBytes: PART_LIMIT_BYTES,
  }),
  presignedDownload: read(`${store}/presigned/*`, 'MLflow: an address to download a file from'),
  createPresignedDownload: change(
    'POST',
    `${core}/artifacts/presigned-download-url`,
    'none',
    'MLflow: an address to download a file of a run from',
    { permission: 'read', bodyLimitBytes: 100_000 },
  ),
  createPresignedUpload: change(
    'POST',
    `${core}/artifacts/presigned-upload-url`,
    'artifact.put',
    'MLflow: an address to upload a file to',
    { bodyLimitBytes: 100_000 },
  ),
  downloadByLink: read(`${store}/links/:link`, 'A file, by its address', { permission: 'public' }),
  uploadByLink: change('PUT', `${store}/links/:link`, 'artifact.put', 'Store a file, by its address', {
    permission: 'public',
    bodyAs: 'stream',
    bodyLimitBytes: FILE_LIMIT_BYTES,
  }),
} as const satisfies Record<string, MlflowCall>;
