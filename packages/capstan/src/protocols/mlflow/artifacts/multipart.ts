import { invalid } from '#kernel/errors';
import type { RawRequest } from '#http';
import { parseArtifactPath, type ArtifactOwner, type Experiments } from '#model/experiments';
import { call, type Handler } from '../wire/call.ts';
import { int64, list, message, string } from '../wire/fields.ts';
import { required } from '../wire/require.ts';
import { announcedBytes } from './announced-bytes.ts';
import { serverUrlOf } from './server-url.ts';

const PARTS = '/api/2.0/mlflow-artifacts/mpu/parts';

const createRequest = message({ path: string, num_parts: int64 });
const completeRequest = message({
  path: string,
  upload_id: string,
  parts: list(message({ part_number: int64, etag: string, url: string })),
});
const abortRequest = message({ path: string, upload_id: string });

/** Files that come in parts, each sent to an address of its own: what clients do from 500 MB on. */
export function multipartCalls(experiments: Experiments, publicUrl: string | null) {
  /** The folder in the address and the file that the body names, of which clients send their own path. */
  async function fileOf(
    request: RawRequest,
    path: string | undefined,
  ): Promise<{ owner: ArtifactOwner; path: string }> {
    const name = required('path', path).split(/[/\\]/).at(-1) ?? '';
    const folder = request.params['*'] ?? '';
    const { owner, path: place } = await experiments.locateArtifact(folder);
    return { owner, path: parseArtifactPath(place === '' ? name : `${place}/${name}`).join('/') };
  }

  const uploadPart: Handler = async (request) => {
    const { upload = '', part = '' } = request.params;
    if (!/^\d{1,6}$/.test(part))
      throw invalid(`'${part.slice(0, 50)}' is no number of a part`, { field: 'part_number' });
    const sizeBytes = announcedBytes(request);
    const { digest } = await experiments.putPart({
      id: upload,
      number: Number(part),
      bytes: request.stream,
      sizeBytes,
    });
    return { status: 200, headers: { etag: `"${digest}"` }, body: '' };
  };

  return {
    createMultipart: call(createRequest, async ({ path, num_parts: parts }, { request }) => {
      const place = await fileOf(request, path);
      const { id } = await experiments.openUpload({ ...place, parts: Number(parts ?? 1) });
      const url = `${serverUrlOf(request, publicUrl)}${PARTS}/${id}`;
      const credentials = Array.from({ length: Number(parts ?? 1) }, (_, index) => {
        return { url: `${url}/${index + 1}`, part_number: index + 1, headers: {} };
      });
      return { upload_id: id, credentials };
    }),
    completeMultipart: call(completeRequest, async ({ path, upload_id: id, parts }, { request, cause }) => {
      const place = await fileOf(request, path);
      const sent = parts.map((part, index) => {
        const digest = (part.etag ?? '').replaceAll('"', '') as `sha256:${string}`;
        return { number: Number(required(`parts[${index}].part_number`, part.part_number)), digest };
      });
      await experiments.completeUpload({ ...place, id: required('upload_id', id), parts: sent, cause });
      return {};
    }),
    abortMultipart: call(abortRequest, async ({ path, upload_id: id }, { request }) => {
      await experiments.abortUpload({ ...(await fileOf(request, path)), id: required('upload_id', id) });
      return {};
    }),
    uploadPart,
  };
}
