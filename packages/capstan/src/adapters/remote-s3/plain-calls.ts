// The two calls that are made for each object of a push or pull, without what the SDK does around a call: it takes most of
// a millisecond for each. Whatever is not simply done is done again by the SDK, which knows every way in which it can fail.
import { hash } from 'node:crypto';
import { request as httpRequest, type Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RemoteCall } from '#ports/object-remote';
import type { S3Settings } from './s3-settings.ts';

export interface PlainCalls {
  /** False where the SDK has to do it. */
  write(path: string, bytes: Buffer, call: RemoteCall): Promise<boolean>;
  /** Undefined where the SDK has to do it. */
  read(path: string, call: RemoteCall): Promise<IncomingMessage | undefined>;
}

export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** @returns undefined for settings whose calls need more than a signature */
export async function createPlainCalls(
  client: S3Client,
  at: S3Settings,
  agents: Agents,
): Promise<PlainCalls | undefined> {
  if (at.isAnonymous || Object.keys(at.writeOptions).length > 0) return undefined;
  const place = await placeOf(client, at);
  if (!place) return undefined;
  const { base, region } = place;
  const signer = new SignatureV4({
    credentials: client.config.credentials,
    region,
    service: 's3',
    sha256: client.config.sha256,
    uriEscapePath: false,
    applyChecksum: true,
  });
  const root = base.pathname.replace(/\/$/, '');
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const agent = base.protocol === 'https:' ? agents.https : agents.http;
  /** What is refused once is not tried here again for each of many objects. */
  let isRefused = false;

  const exchange = async (
    method: 'GET' | 'PUT',
    path: string,
    body: Buffer | undefined,
    { signal }: RemoteCall,
  ): Promise<IncomingMessage | undefined> => {
    const key = `${root}/${encoded(`${at.prefix}${path}`)}`;
    const { headers } = await signer.sign({
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      path: key,
      query: {},
      headers: {
        host: base.host,
        'x-amz-content-sha256': hash('sha256', body ?? ''),
        ...(body && { 'content-length': String(body.length), 'content-type': 'application/octet-stream' }),
      },
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const host = base.hostname.replace(/^\[|\]$/g, '');
    const call = send({ method, host, port: base.port, path: key, headers, agent }, resolve);
    // As Node.js would, which takes a good part of the whole call for it.
    const stop = (): void => void call.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', stop);
    call.on('close', () => signal?.removeEventListener('abort', stop));
    call.on('error', reject);
    call.setTimeout(at.readTimeoutMs, () => call.destroy(new Error('no answer in time')));
    call.end(body);
    const answer = await promise;
    if (answer.statusCode === 200) return answer;
    isRefused ||= answer.statusCode !== 404 && (answer.statusCode ?? 0) < 500;
    answer.resume();
    return undefined;
  };

  const orNothing = async <Result>(call: RemoteCall, work: () => Promise<Result>): Promise<Result | undefined> => {
    if (isRefused) return undefined;
    try {
      return await work();
    } catch (error) {
      if (call.signal?.aborted) throw error;
      return undefined;
    }
  };

  return {
    async write(path, bytes, call) {
      const isDone = await orNothing(call, async () => {
        const answer = await exchange('PUT', path, bytes, call);
        if (answer) await drained(answer);
        return answer !== undefined;
      });
      return isDone === true;
    },
    read: async (path, call) => await orNothing(call, () => exchange('GET', path, undefined, call)),
  };
}

/** Where the bucket is and who signs, as the SDK knows it. */
async function placeOf(client: S3Client, at: S3Settings): Promise<{ base: URL; region: string } | undefined> {
  const { config } = client;
  const { url, properties } = config.endpointProvider({
    Bucket: at.bucket,
    Region: await config.region(),
    ForcePathStyle: config.forcePathStyle,
    UseFIPS: await config.useFipsEndpoint(),
    UseDualStack: await config.useDualstackEndpoint(),
    Accelerate: config.useAccelerateEndpoint,
    ...(at.endpoint !== undefined && { Endpoint: at.endpoint }),
  });
  const [scheme] = (properties?.['authSchemes'] ?? []) as { name?: string; signingRegion?: string }[];
  if (scheme?.name !== 'sigv4' || scheme.signingRegion === undefined) return undefined;
  return { base: url, region: scheme.signingRegion };
}

/** As S3 wants the path of a signature, which is the path of the call. */
function encoded(key: string): string {
  const escape = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, escape);
}

function drained(answer: IncomingMessage): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  answer
    .on('end', resolve)
    .on('error', reject)
    .on('aborted', () => reject(new Error('cut short')))
    .resume();
  return promise;
}
