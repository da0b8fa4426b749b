import { attachmentReply, type RawReply, type RawRequest } from '#http';
import { invalid, notFound } from '#kernel/errors';
import {
  artifactUriOf,
  parseArtifactPath,
  type ArtifactEntry,
  type ArtifactOwner,
  type Experiments,
} from '#model/experiments';
import { versionNumber, type ModelRegistry } from '#model/registry';
import { call, type Handler } from '../wire/call.ts';
import { message, string } from '../wire/fields.ts';
import { jsonReply, listed } from '../wire/json-reply.ts';
import { runId } from '../wire/messages.ts';
import { required } from '../wire/require.ts';
import { announcedBytes } from './announced-bytes.ts';
import { placeOf } from './place-of.ts';

/** Files: by run, and by place for the clients' `mlflow-artifacts:` URIs. */
export function artifactCalls(experiments: Experiments, registry: ModelRegistry) {
  async function download(request: RawRequest, owner: ArtifactOwner, path: string): Promise<RawReply> {
    return await attachmentReply(request, await experiments.findArtifact(owner, path), experiments.readArtifact);
  }

  const upload = async (request: RawRequest, owner: ArtifactOwner, path: string): Promise<RawReply> => {
    const sizeBytes = announcedBytes(request);
    await experiments.putArtifact({
      owner,
      path,
      bytes: request.stream,
      expected: sizeBytes === undefined ? undefined : { sizeBytes },
      cause: request.cause,
    });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '' };
  };

  const downloadFile: Handler = async (request) => {
    const { owner, path } = await experiments.locateArtifact(placeOf(request));
    return await download(request, owner, path);
  };
  const uploadFile: Handler = async (request) => {
    const { owner, path } = await experiments.locateArtifact(placeOf(request));
    return await upload(request, owner, path);
  };
  const deleteFile: Handler = async (request) => {
    const { owner, path } = await experiments.locateArtifact(placeOf(request));
    await experiments.removeArtifact({ owner, path, cause: request.cause });
    return jsonReply({});
  };
  const getRunArtifact: Handler = (request) => download(request, runOf(request), queryOf(request, 'path'));
  const uploadArtifact: Handler = async (request) => {
    // In MLflow's words and order.
    if (!request.query.get('run_uuid') && !request.query.get('run_id')) {
      throw invalid('Request must specify run_uuid.', { field: 'run_uuid' });
    }
    const owner = runOf(request);
    const path = request.query.get('path');
    if (!path) throw invalid('Request must specify path.', { field: 'path' });
    parseArtifactPath(path);
    if (announcedBytes(request) === 0) throw invalid('Request must specify data.', { field: 'body' });
    return await upload(request, owner, path);
  };
  const getLoggedModelFile: Handler = (request) =>
    download(request, loggedModelOf(request), queryOf(request, 'artifact_file_path'));
  const getVersionArtifact: Handler = async (request) => {
    const version = await registry.getVersion(queryOf(request, 'name'), versionNumber(queryOf(request, 'version')));
    if (!version.files) throw notFound('files of model version', `${version.model}/${version.version}`);
    const { owner } = await experiments.locateArtifact(version.files.root);
    const folder = version.files.path === '' ? '' : `${version.files.path}/`;
    return await download(request, owner, folder + queryOf(request, 'path'));
  };

  return {
    listArtifacts: call(message({ ...runId, path: string }), async ({ path, ...request }) => {
      const owner = { kind: 'run', id: required('run_id', request.run_id || request.run_uuid) } as const;
      const entries = await experiments.listArtifacts(owner, path ?? '');
      return {
        root_uri: artifactUriOf(await experiments.artifactRoot(owner)),
        ...listed('files', entries.map(toFileInfo)),
      };
    }),
    listFiles: call(message({ path: string }), async ({ path }) => {
      // The store's own top is no place of any run; what lies there is nobody's business.
      if (!path) return {};
      const place = await experiments.locateArtifact(path);
      const entries = await experiments.listArtifacts(place.owner, place.path);
      const prefix = place.path === '' ? 0 : place.path.length + 1;
      return listed(
        'files',
        entries.map((entry) => toFileInfo({ ...entry, path: entry.path.slice(prefix) })),
      );
    }),
    listLoggedModelFiles: async (request: RawRequest) => {
      const owner = loggedModelOf(request);
      const entries = await experiments.listArtifacts(owner, request.query.get('artifact_directory_path') ?? '');
      const root = artifactUriOf(await experiments.artifactRoot(owner));
      return jsonReply({ root_uri: root, ...listed('files', entries.map(toFileInfo)) });
    },
    downloadFile,
    uploadFile,
    deleteFile,
    getRunArtifact,
    uploadArtifact,
    getLoggedModelFile,
    getVersionArtifact,
  };
}

function toFileInfo(entry: ArtifactEntry): object {
  return entry.kind === 'folder'
    ? { path: entry.path, is_dir: true }
    : { path: entry.path, is_dir: false, file_size: entry.sizeBytes };
}

function runOf(request: RawRequest): ArtifactOwner {
  const id = request.query.get('run_id') ?? request.query.get('run_uuid') ?? undefined;
  return { kind: 'run', id: required('run_id', id) };
}

function loggedModelOf(request: RawRequest): ArtifactOwner {
  return { kind: 'logged-model', id: required('model_id', request.params['model_id']) };
}

function queryOf(request: RawRequest, name: string): string {
  return required(name, request.query.get(name) ?? undefined);
}
