import { DomainError, invalid } from '#kernel/errors';
import { attachmentReply, type RawRequest } from '#http';
import type { ArtifactFile, ArtifactOwner, Experiments, SignedLinks } from '#model/experiments';
import { call, type Handler } from '../wire/call.ts';
import { int64, message, string } from '../wire/fields.ts';
import { jsonReply } from '../wire/json-reply.ts';
import { runId } from '../wire/messages.ts';
import { required } from '../wire/require.ts';
import { announcedBytes } from './announced-bytes.ts';
import { placeOf } from './place-of.ts';
import { serverUrlOf } from './server-url.ts';

const LINKS = '/api/2.0/mlflow-artifacts/links';
const SECOND_MS = 1_000;
/** As MLflow's own: five minutes to begin a download, a quarter of an hour for an upload, a week at most. */
const LIFE_SECONDS = { download: 300, upload: 900, most: 604_800 } as const;

/**
 * Addresses that carry the right to read or write one file, for a while. A download is of the bytes that were there when
 * it was asked for, so that pieces fetched side by side fit together whatever is written meanwhile.
 */
export function presignedCalls(
  experiments: Experiments,
  links: SignedLinks,
  options: {
    readonly publicUrl: string | null;
    /** The file at a place of the artifact store, whoever it belongs to. */
    findFile(place: string): Promise<ArtifactFile>;
  },
) {
  const { publicUrl, findFile } = options;
  const linkTo = async (request: RawRequest, allowed: Parameters<SignedLinks['sign']>[0], seconds: number) =>
    `${serverUrlOf(request, publicUrl)}${LINKS}/${await links.sign(allowed, seconds * SECOND_MS)}`;

  const presignedDownload: Handler = async (request) => {
    const file = await findFile(placeOf(request));
    const url = await linkTo(request, { to: 'read', ...file }, LIFE_SECONDS.download);
    return jsonReply({ url, headers: {}, file_size: file.sizeBytes });
  };
  const downloadByLink: Handler = async (request) => {
    const allowed = await links.read(request.params['link'] ?? '');
    if (allowed.to !== 'read') throw wrongUse();
    return await attachmentReply(request, allowed, experiments.readArtifact);
  };
  const uploadByLink: Handler = async (request) => {
    const allowed = await links.read(request.params['link'] ?? '');
    if (allowed.to !== 'write') throw wrongUse();
    const { kind, id, path } = allowed;
    const sizeBytes = announcedBytes(request);
    const expected = sizeBytes === undefined ? undefined : { sizeBytes };
    await experiments.putArtifact({ owner: { kind, id }, path, bytes: request.stream, expected, cause: request.cause });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '' };
  };

  return {
    presignedDownload,
    downloadByLink,
    uploadByLink,
    createPresignedDownload: call(
      message({ ...runId, path: string, expiration: int64 }),
      async ({ path, expiration, ...run }, { request }) => {
        const owner = { kind: 'run', id: required('run_id', run.run_id || run.run_uuid) } as const;
        const seconds = lifeOf(expiration, LIFE_SECONDS.download);
        const file = await experiments.findArtifact(owner, required('path', path));
        const url = await linkTo(request, { to: 'read', ...file }, seconds);
        return { presigned_url: url, headers: {}, file_size: file.sizeBytes };
      },
    ),
    createPresignedUpload: call(
      message({ run_id: string, model_id: string, path: string, expiration: int64 }),
      async ({ run_id: run, model_id: model, path, expiration }, { request }) => {
        if (Boolean(run) === Boolean(model)) {
          throw invalid('Exactly one of run_id and model_id must be provided.', { field: 'run_id' });
        }
        const owner: ArtifactOwner = run ? { kind: 'run', id: run } : { kind: 'logged-model', id: model ?? '' };
        const seconds = lifeOf(expiration, LIFE_SECONDS.upload);
        const wanted = required('path', path);
        await experiments.checkArtifactPlace(owner, wanted);
        return { presigned_url: await linkTo(request, { to: 'write', ...owner, path: wanted }, seconds), headers: {} };
      },
    ),
  };
}

function lifeOf(given: number | bigint | undefined, usual: number): number {
  const seconds = Number(given ?? usual);
  if (seconds >= 1 && seconds <= LIFE_SECONDS.most) return seconds;
  throw invalid(`expiration must be between 1 and ${LIFE_SECONDS.most} seconds (got ${seconds}).`, {
    field: 'expiration',
  });
}

function wrongUse(): DomainError {
  return new DomainError('PERMISSION_DENIED', 'The link does not allow that');
}
