import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { ObjectRemote, RemoteCall, RemoteSettings } from '#ports/object-remote';
import { pieceOf } from '../rest/file-pieces.ts';
import { RestCalls, textOf, type RestCall } from '../rest/rest-calls.ts';
import { asTold, isSuccess, piecesOf, sizeOf } from '../rest/rest-failures.ts';
import { azureError, readRefusal } from './azure-failures.ts';
import { azureSettings, type AzureSettings } from './azure-settings.ts';
import { azureTokens } from './azure-tokens.ts';
import { readListedPage } from './listed-names.ts';
import { sharedKeyOf } from './shared-key.ts';
import { writeInBlocks } from './write-blocks.ts';

type Env = Readonly<Record<string, string | undefined>>;

const JOBS = 32;
const NAMES_A_PAGE = 5_000;
const REMOVED_AT_ONCE = 16;
/** Up to this size a file goes in one call, held in memory. */
const ONE_CALL_BYTES = 8 << 20;
/** Of the interface: old enough for emulators and Azure's clouds of their own. */
const VERSION = '2021-12-02';
const BYTES = { 'content-type': 'application/octet-stream' };

/**
 * @param namesAPage of lists: Azure gives no more than 5,000
 * @throws DomainError INVALID_ARGUMENT for settings of no use
 */
export function openAzureRemote(settings: RemoteSettings, env: Env, namesAPage = NAMES_A_PAGE): ObjectRemote {
  const at = azureSettings(settings, env);
  const calls = new RestCalls(at, env);
  const send = sender(at, calls, env);
  const container = `${at.endpoint}/${encodeURIComponent(at.container)}`;
  const urlOf = (path: string, query = ''): URL => {
    const name = `${at.prefix}${path}`.split('/').map(encodeURIComponent).join('/');
    return new URL(`${container}/${name}${query === '' ? '' : `?${query}`}`);
  };

  const told = async <Result>(path: string, call: RemoteCall, work: () => Promise<Result>): Promise<Result> => {
    try {
      call.signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw asTold(at, path, error, call.signal);
    }
  };

  /** Undefined for a file that is not there. @throws DomainError for every other refusal */
  async function ask(what: string, call: RestCall): Promise<IncomingMessage | undefined> {
    const answer = await send(call);
    if (isSuccess(answer)) return answer;
    const refusal = await readRefusal(answer);
    if (refusal.code === 'BlobNotFound') return undefined;
    throw azureError(at, what, refusal);
  }

  async function put(path: string, query: string, call: Omit<RestCall, 'method' | 'url'>): Promise<IncomingMessage> {
    const answer = await send({
      method: 'PUT',
      url: urlOf(path, query),
      ...call,
      headers: { ...BYTES, ...call.headers },
    });
    if (isSuccess(answer)) return answer;
    throw azureError(at, path, await readRefusal(answer));
  }

  return {
    name: at.name,
    address: at.address,
    jobs: JOBS,
    listing: { by: 'pages', entries: namesAPage },
    async has(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await ask(path, { method: 'HEAD', url: urlOf(path), ...call });
        answer?.resume();
        return answer !== undefined;
      });
    },
    async *list(folder, call = {}) {
      const prefix = encodeURIComponent(folder === '' ? at.prefix : `${at.prefix}${folder}/`);
      const query = `restype=container&comp=list&maxresults=${namesAPage}&prefix=${prefix}`;
      for (let marker: string | undefined = ''; marker !== undefined;) {
        const after: string = marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`;
        const url = new URL(`${container}?${query}${after}`);
        const page = await told(folder, call, async () => {
          const answer = await ask(folder, { method: 'GET', url, ...call });
          return readListedPage(answer ? await textOf(answer) : '');
        });
        yield page.names.map((name) => name.slice(at.prefix.length));
        marker = page.next;
      }
    },
    async read(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await ask(path, { method: 'GET', url: urlOf(path), ...call });
        if (!answer) throw azureError(at, path, { status: 404, code: 'BlobNotFound', message: 'no such blob' });
        return { sizeBytes: sizeOf(answer), bytes: piecesOf(at, path, answer, call.signal) };
      });
    },
    async write(path, file, call = {}) {
      await told(path, call, async () => {
        const handle = await open(file);
        try {
          const { size } = await handle.stat();
          if (size > ONE_CALL_BYTES) {
            await writeInBlocks(async (query, block) => await put(path, query, { ...block, ...call }), {
              handle,
              size,
            });
            return;
          }
          const body = await pieceOf(handle, 0, size);
          (await put(path, '', { body, headers: { 'x-ms-blob-type': 'BlockBlob' }, ...call })).resume();
        } finally {
          await handle.close();
        }
      });
    },
    async remove(paths, call = {}) {
      const left = [...paths];
      const headers = { 'x-ms-delete-snapshots': 'include' };
      const removeSome = async (): Promise<void> => {
        for (let path = left.shift(); path !== undefined; path = left.shift()) {
          const what = path;
          const asked = { method: 'DELETE', url: urlOf(what), headers, ...call } as const;
          await told(what, call, async () => (await ask(what, asked))?.resume());
        }
      };
      await Promise.all(Array.from({ length: Math.min(REMOVED_AT_ONCE, paths.length) }, removeSome));
    },
    async close() {
      calls.close();
    },
  };
}

/** Sends calls as the one whom the settings name. */
function sender(at: AzureSettings, calls: RestCalls, env: Env): (call: RestCall) => Promise<IncomingMessage> {
  const { login } = at;
  const tokens = azureTokens(at, login, env);
  return async (call) => {
    const headers: Record<string, string> = {
      ...call.headers,
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': VERSION,
    };
    switch (login.by) {
      case 'nobody':
        return await calls.send({ ...call, headers });
      case 'sas': {
        const url = new URL(call.url);
        url.search = [url.search.slice(1), login.query].filter((part) => part !== '').join('&');
        return await calls.send({ ...call, url, headers });
      }
      case 'key': {
        const { method, url, body } = call;
        headers['authorization'] = sharedKeyOf(login, { method, url, headers, contentLength: body?.length ?? 0 });
        return await calls.send({ ...call, headers });
      }
      case 'secret':
      case 'default':
        headers['authorization'] = `Bearer ${await tokens()}`;
        return await calls.send({ ...call, headers });
    }
  };
}
