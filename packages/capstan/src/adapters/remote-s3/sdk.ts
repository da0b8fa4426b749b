import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from './plain-calls.ts';
import type { S3Settings } from './s3-settings.ts';

/** Asked for where neither settings nor environment name one. */
export const ANY_REGION = 'us-east-1';
const ANONYMOUS = { accessKeyId: '', secretAccessKey: '' };

/** The vendor's library and a client of one remote. */
export interface Sdk {
  readonly sdk: typeof import('@aws-sdk/client-s3');
  readonly client: S3Client;
  close(): void;
}

/** Takes the better part of a second: only for what cannot be done without. */
export async function loadSdk(at: S3Settings): Promise<Sdk> {
  const sdk = await import('@aws-sdk/client-s3');
  const tls = {
    ...(at.isUnverified && { rejectUnauthorized: false }),
    ...(at.authorities !== undefined && { ca: at.authorities }),
  };
  // Many transfers share few connections' worth of time to first byte: sockets stay open, as many as are asked for.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const [httpAgent, httpsAgent] = [new HttpAgent(agent), new HttpsAgent({ ...agent, ...tls })];
  const filePaths = {
    ...(at.credentialsFile !== undefined && { filepath: at.credentialsFile }),
    ...(at.configFile !== undefined && { configFilepath: at.configFile }),
  };
  const client = new sdk.S3Client({
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
      httpAgent,
      httpsAgent,
    },
  });
  return {
    sdk,
    client,
    close() {
      client.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** Where the bucket is and who signs, as the SDK knows it; undefined where it takes more than a signature. */
export async function placeOfSdk({ client: { config } }: Sdk, at: S3Settings): Promise<S3Place | undefined> {
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
  return { base: url, region: scheme.signingRegion, credentials: () => config.credentials() };
}
