import { readFileSync, statSync } from 'node:fs';
import type { ObjectRemote, RemoteCall, RemoteSettings } from '#ports/object-remote';
import { createPlainCalls, KEYS_A_PAGE, placeOfSettings, type PlainCalls } from './plain-calls.ts';
import { asRemoteError, isNotThere } from './s3-errors.ts';
import { CUSTOMER_KEY, s3Settings, type S3Settings } from './s3-settings.ts';
import { ANY_REGION, loadSdk, placeOfSdk, type Sdk } from './sdk.ts';
import { writeInParts } from './write-parts.ts';

type Env = Readonly<Record<string, string | undefined>>;

const JOBS = 32;
const DELETED_AT_ONCE = 1_000;
/** Up to this size a file goes in one call, held in memory. */
const ONE_CALL_BYTES = 8 << 20;

/** @throws DomainError INVALID_ARGUMENT for settings of no use */
export async function openS3Remote(settings: RemoteSettings, env: Env): Promise<ObjectRemote> {
  const at = s3Settings(settings, env);
  const tools = createTools(at);
  const told = async <Result>(path: string, call: RemoteCall, work: () => Promise<Result>): Promise<Result> => {
    try {
      call.signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw asRemoteError(at, path, error, call.signal);
    }
  };
  const placeOf = (path: string) => ({ Bucket: at.bucket, Key: `${at.prefix}${path}` });
  const readOptions = Object.fromEntries(
    CUSTOMER_KEY.flatMap((name) => (at.writeOptions[name] === undefined ? [] : [[name, at.writeOptions[name]]])),
  );
  const within = ({ signal }: RemoteCall) => (signal ? { abortSignal: signal } : {});

  return {
    name: at.name,
    address: at.address,
    jobs: JOBS,
    listing: { by: 'pages', entries: KEYS_A_PAGE },
    async has(path, call = {}) {
      return await told(path, call, async () => {
        const isThere = await (await tools.plain())?.has(path, call);
        if (isThere !== undefined) return isThere;
        const { sdk, client } = await tools.sdk();
        try {
          await client.send(new sdk.HeadObjectCommand({ ...placeOf(path), ...readOptions }), within(call));
          return true;
        } catch (error) {
          if (isNotThere(error)) return false;
          throw error;
        }
      });
    },
    async *list(folder, call = {}) {
      const prefix = folder === '' ? at.prefix : `${at.prefix}${folder}/`;
      const page = async (next: string | undefined) => {
        const listed = await (await tools.plain())?.list(prefix, next, call);
        if (listed) return listed;
        const { sdk, client } = await tools.sdk();
        const input = { Bucket: at.bucket, Prefix: prefix, MaxKeys: KEYS_A_PAGE, ContinuationToken: next };
        const answer = await client.send(new sdk.ListObjectsV2Command(input), within(call));
        const keys = (answer.Contents ?? []).flatMap(({ Key }) => Key ?? []);
        return { keys, next: answer.IsTruncated ? answer.NextContinuationToken : undefined };
      };
      let next: string | undefined;
      do {
        const listed = await told(folder, call, () => page(next));
        yield listed.keys.filter((key) => !key.endsWith('/')).map((key) => key.slice(at.prefix.length));
        ({ next } = listed);
      } while (next !== undefined);
    },
    async read(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await (await tools.plain())?.read(path, call);
        if (answer) {
          const { sizeBytes, pieces } = answer;
          return { sizeBytes, bytes: Array.isArray(pieces) ? heldPieces(pieces) : piecesOf(at, path, pieces, call) };
        }
        const { sdk, client } = await tools.sdk();
        const command = new sdk.GetObjectCommand({ ...placeOf(path), ...readOptions });
        const { Body, ContentLength } = await client.send(command, within(call));
        return { sizeBytes: ContentLength, bytes: piecesOf(at, path, Body as AsyncIterable<Uint8Array>, call) };
      });
    },
    async write(path, file, call = {}) {
      await told(path, call, async () => {
        const { size } = statSync(file);
        const input = { ...placeOf(path), ...at.writeOptions };
        if (size > ONE_CALL_BYTES) return await writeInParts(await tools.sdk(), input, { file, size }, call);
        // Blocks: it was read a moment ago to see that it is whole, and asking other threads takes five times as long.
        const Body = readFileSync(file);
        if (await (await tools.plain())?.write(path, Body, call)) return;
        const { sdk, client } = await tools.sdk();
        await client.send(new sdk.PutObjectCommand({ ...input, Body }), within(call));
      });
    },
    async remove(paths, call = {}) {
      for (let first = 0; first < paths.length; first += DELETED_AT_ONCE) {
        const Objects = paths.slice(first, first + DELETED_AT_ONCE).map((path) => ({ Key: placeOf(path).Key }));
        const input = { Bucket: at.bucket, Delete: { Objects, Quiet: true } };
        await told('removal', call, async () => {
          const { sdk, client } = await tools.sdk();
          const { Errors } = await client.send(new sdk.DeleteObjectsCommand(input), within(call));
          const [failed] = Errors ?? [];
          if (failed) throw Object.assign(new Error(failed.Message ?? ''), { name: failed.Code ?? 'Error' });
        });
      }
    },
    close: () => tools.close(),
  };
}

/** Each is made when it is asked for the first time: where a bucket lies and who asks can be wrong. */
function createTools(at: S3Settings) {
  let loading: Promise<Sdk> | undefined;
  let making: Promise<PlainCalls | undefined> | undefined;
  const sdk = (): Promise<Sdk> => (loading ??= loadSdk(at));
  const make = async (): Promise<PlainCalls | undefined> => {
    const place = placeOfSettings(at, at.region ?? ANY_REGION) ?? (await placeOfSdk(await sdk(), at));
    return place && createPlainCalls(place, at);
  };
  return {
    sdk,
    /** What is wrong is told by the SDK, which does the call then. */
    plain: (): Promise<PlainCalls | undefined> => (making ??= make().catch(() => undefined)),
    async close(): Promise<void> {
      await (await making)?.close();
      (await loading)?.close();
    },
  };
}

async function* heldPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece;
}

async function* piecesOf(
  at: S3Settings,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal }: RemoteCall,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces) {
      yield piece;
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw asRemoteError(at, path, error, signal);
  }
}
