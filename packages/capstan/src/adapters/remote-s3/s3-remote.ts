import { readFileSync, statSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectRemote, RemoteCall, RemoteSettings } from '#ports/object-remote';
import { createPlainCalls, type Agents } from './plain-calls.ts';
import { asRemoteError, isNotThere } from './s3-errors.ts';
import { CUSTOMER_KEY, s3Settings, type S3Settings } from './s3-settings.ts';
import { writeInParts } from './write-parts.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Sdk = typeof import('@aws-sdk/client-s3');

const JOBS = 32;
const KEYS_A_PAGE = 1_000;
const DELETED_AT_ONCE = 1_000;
/** Up to this size a file goes in one call, held in memory. */
const ONE_CALL_BYTES = 8 << 20;
/** Asked for where neither settings nor environment name one. */
const ANY_REGION = 'us-east-1';

/** @throws DomainError INVALID_ARGUMENT for settings of no use */
export async function openS3Remote(settings: RemoteSettings, env: Env): Promise<ObjectRemote> {
  const at = s3Settings(settings, env);
  const sdk = await import('@aws-sdk/client-s3');
  const agents = createAgents(at);
  const client = createClient(sdk, at, agents);
  const plain = once(() => createPlainCalls(client, at, agents));
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
      const Prefix = folder === '' ? at.prefix : `${at.prefix}${folder}/`;
      let ContinuationToken: string | undefined;
      do {
        const input = { Bucket: at.bucket, Prefix, MaxKeys: KEYS_A_PAGE, ContinuationToken };
        const page = await told(folder, call, () => client.send(new sdk.ListObjectsV2Command(input), within(call)));
        yield (page.Contents ?? []).flatMap(({ Key }) =>
          Key === undefined || Key.endsWith('/') ? [] : [Key.slice(at.prefix.length)],
        );
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },
    async read(path, call = {}) {
      return await told(path, call, async () => {
        const answer = await (await plain())?.read(path, call);
        if (answer) return { sizeBytes: sizeOf(answer), bytes: piecesOf(at, path, answer, call) };
        const command = new sdk.GetObjectCommand({ ...placeOf(path), ...readOptions });
        const { Body, ContentLength } = await client.send(command, within(call));
        return { sizeBytes: ContentLength, bytes: piecesOf(at, path, Body as AsyncIterable<Uint8Array>, call) };
      });
    },
    async write(path, file, call = {}) {
      await told(path, call, async () => {
        const { size } = statSync(file);
        const input = { ...placeOf(path), ...at.writeOptions };
        if (size > ONE_CALL_BYTES) return await writeInParts(sdk, client, input, { file, size }, call);
        // Blocks: it was read a moment ago to see that it is whole, and asking other threads takes five times as long.
        const Body = readFileSync(file);
        if (await (await plain())?.write(path, Body, call)) return;
        await client.send(new sdk.PutObjectCommand({ ...input, Body }), within(call));
      });
    },
    async remove(paths, call = {}) {
      for (let first = 0; first < paths.length; first += DELETED_AT_ONCE) {
        const Objects = paths.slice(first, first + DELETED_AT_ONCE).map((path) => ({ Key: placeOf(path).Key }));
        const input = { Bucket: at.bucket, Delete: { Objects, Quiet: true } };
        await told('removal', call, async () => {
          const { Errors } = await client.send(new sdk.DeleteObjectsCommand(input), within(call));
          const [failed] = Errors ?? [];
          if (failed) throw Object.assign(new Error(failed.Message ?? ''), { name: failed.Code ?? 'Error' });
        });
      }
    },
    async close() {
      client.destroy();
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function createAgents(at: S3Settings): Agents {
  const tls = {
    ...(at.trust === false && { rejectUnauthorized: false }),
    ...(typeof at.trust === 'string' && { ca: readFileSync(at.trust) }),
  };
  // Many transfers share few connections' worth of time to first byte: sockets stay open, as many as are asked for.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  return { http: new HttpAgent(agent), https: new HttpsAgent({ ...agent, ...tls }) };
}

function createClient(sdk: Sdk, at: S3Settings, agents: Agents): S3Client {
  const filePaths = {
    ...(at.credentialsFile !== undefined && { filepath: at.credentialsFile }),
    ...(at.configFile !== undefined && { configFilepath: at.configFile }),
  };
  return new sdk.S3Client({
    region: at.region ?? ANY_REGION,
    // Other servers than Amazon's have no name of their own for each bucket.
    ...(at.endpoint !== undefined && { endpoint: at.endpoint, forcePathStyle: true }),
    ...(at.profile !== undefined && { profile: at.profile }),
    ...filePaths,
    ...(at.credentials && { credentials: at.credentials }),
    ...(at.isAnonymous && { signer: { sign: async (request) => request }, credentials: ANONYMOUS }),
    // Servers beside Amazon's do not all know the newer checksums; objects are checked by their names anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: at.connectTimeoutMs,
      socketTimeout: at.readTimeoutMs,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    },
  });
}

/** Where it lies and who asks is found out with the first call, which says what is wrong with it. */
function once<Result>(make: () => Promise<Result>): () => Promise<Result | undefined> {
  let made: Promise<Result | undefined> | undefined;
  return async () => await (made ??= make().catch(() => undefined));
}

function sizeOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

const ANONYMOUS = { accessKeyId: '', secretAccessKey: '' };

async function* piecesOf(
  at: S3Settings,
  path: string,
  body: AsyncIterable<Uint8Array>,
  { signal }: RemoteCall,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      yield piece;
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw asRemoteError(at, path, error, signal);
  }
}
