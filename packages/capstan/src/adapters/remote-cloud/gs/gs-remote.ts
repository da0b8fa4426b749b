import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { ObjectRemote, RemoteCall, RemoteSettings } from '#ports/object-remote';
import { pieceOf } from '../rest/file-pieces.ts';
import { RestCalls, textOf, type RestCall } from '../rest/rest-calls.ts';
import { asTold, isSuccess, piecesOf, sizeOf, type Refusal } from '../rest/rest-failures.ts';
import { gsCredentials } from './gs-credentials.ts';
import { gsError, isBucketLacking, readRefusal } from './gs-failures.ts';
import { gsSettings } from './gs-settings.ts';
import { writeResumably } from './write-resumably.ts';

type Env = Readonly<Record<string, string | undefined>>;

const JOBS = 32;
const NAMES_A_PAGE = 1_000;
const REMOVED_AT_ONCE = 16;
/** Up to this size a file goes in one call, held in memory. */
const ONE_CALL_BYTES = 8 << 20;
const LIMITS = { connectTimeoutMs: 60_000, readTimeoutMs: 60_000 };
const BYTES = { 'content-type': 'application/octet-stream' };

interface Page {
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}

/**
 * @param namesAPage of lists: Google gives no more than 1,000
 * @throws DomainError INVALID_ARGUMENT for settings of no use
 */
export function openGsRemote(settings: RemoteSettings, env: Env, namesAPage = NAMES_A_PAGE): ObjectRemote {
  const at = gsSettings(settings, env);
  const calls = new RestCalls(LIMITS, env);
  const credentials = gsCredentials(at);
  const bucket = `/storage/v1/b/${encodeURIComponent(at.bucket)}/o`;
  const objectUrl = (path: string, query = '') =>
    new URL(`${at.endpoint}${bucket}/${encodeURIComponent(`${at.prefix}${path}`)}${query}`);
  const uploadUrl = (path: string, kind: 'media' | 'resumable') =>
    new URL(`${at.endpoint}/upload${bucket}?uploadType=${kind}&name=${encodeURIComponent(`${at.prefix}${path}`)}`);

  const told = async <Result>(path: string, call: RemoteCall, work: () => Promise<Result>): Promise<Result> => {
    try {
      call.signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw asTold(at, path, error, call.signal);
    }
  };
  const send = async (call: RestCall): Promise<IncomingMessage> =>
    await calls.send({ ...call, headers: { ...(await credentials()), ...call.headers } });

  /** Undefined for an object that is not there. @throws DomainError for every other refusal */
  async function ask(what: string, call: RestCall, isOfBucket: boolean): Promise<IncomingMessage | undefined> {
    const answer = await send(call);
    if (isSuccess(answer)) return answer;
    const refusal: Refusal = readRefusal(answer.statusCode ?? 0, await textOf(answer));
    if (refusal.status === 404 && !isBucketLacking(refusal, isOfBucket)) return undefined;
    throw gsError(at, what, refusal, isOfBucket);
  }

  return {
    name: at.name,
    address: at.address,
    jobs: JOBS,
    listing: { by: 'pages', entries: namesAPage },
    async has(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await ask(path, { method: 'GET', url: objectUrl(path, '?fields=name'), ...call }, false);
        answer?.resume();
        return answer !== undefined;
      });
    },
    async *list(folder, call = {}) {
      const prefix = folder === '' ? at.prefix : `${at.prefix}${folder}/`;
      const fields = `maxResults=${namesAPage}&fields=items(name),nextPageToken&prefix=${encodeURIComponent(prefix)}`;
      for (let token: string | undefined = ''; token !== undefined;) {
        const after: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`;
        const url = new URL(`${at.endpoint}${bucket}?${fields}${after}`);
        const page = await told(folder, call, async () => {
          const answer = await ask(folder, { method: 'GET', url, ...call }, true);
          return JSON.parse(answer ? await textOf(answer) : '{}') as Page;
        });
        yield (page.items ?? []).flatMap(({ name }) => (name.endsWith('/') ? [] : [name.slice(at.prefix.length)]));
        token = page.nextPageToken || undefined;
      }
    },
    async read(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await ask(path, { method: 'GET', url: objectUrl(path, '?alt=media'), ...call }, false);
        if (!answer) throw gsError(at, path, { status: 404, code: '', message: 'no such object' }, false);
        return { sizeBytes: sizeOf(answer), bytes: piecesOf(at, path, answer, call.signal) };
      });
    },
    async write(path, file, call = {}) {
      await told(path, call, async () => {
        const handle = await open(file);
        try {
          const { size } = await handle.stat();
          if (size > ONE_CALL_BYTES) {
            const refused = (status: number, text: string) => gsError(at, path, readRefusal(status, text), true);
            await writeResumably(send, uploadUrl(path, 'resumable'), { handle, size }, { ...call, refused });
            return;
          }
          const body = await pieceOf(handle, 0, size);
          const url = uploadUrl(path, 'media');
          (await ask(path, { method: 'POST', url, headers: BYTES, body, ...call }, true))?.resume();
        } finally {
          await handle.close();
        }
      });
    },
    async remove(paths, call = {}) {
      const left = [...paths];
      const removeSome = async (): Promise<void> => {
        for (let path = left.shift(); path !== undefined; path = left.shift()) {
          const what = path;
          const asked = { method: 'DELETE', url: objectUrl(what), ...call } as const;
          await told(what, call, async () => (await ask(what, asked, false))?.resume());
        }
      };
      await Promise.all(Array.from({ length: Math.min(REMOVED_AT_ONCE, paths.length) }, removeSome));
    },
    async close() {
      calls.close();
    },
  };
}
