import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createExecutorRay, type ExecutorRay } from '#adapters/executor-ray';
import { invalid, messageOf } from '#kernel/errors';
import type { Config } from '../config.ts';

type RayConfig = Pick<
  Config,
  'rayAddress' | 'rayToken' | 'rayTokenFile' | 'rayListen' | 'rayListenUrl' | 'rayCacheBytes'
>;

/**
 * The Ray cluster that is configured, or undefined where none is.
 * @param owner absolute: the folder that commands are started from
 * @throws DomainError INVALID_ARGUMENT for an address without a token
 */
export function rayOf(config: RayConfig, owner: string): ExecutorRay | undefined {
  if (config.rayAddress === null) return undefined;
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(config.rayListen) ?? [];
  return createExecutorRay({
    address: config.rayAddress,
    token: tokenOf(config),
    owner,
    listen: { host: host.replace(/^\[|\]$/g, ''), port: Number(port) },
    cacheBytes: config.rayCacheBytes,
    ...(config.rayListenUrl !== null && { listenUrl: config.rayListenUrl }),
  });
}

function tokenOf({ rayToken, rayTokenFile }: RayConfig): string {
  if (rayToken !== null) return rayToken;
  const hint = 'Ray is used with its token on only: give the one that the cluster was started with.';
  if (rayTokenFile === null) {
    throw invalid('Ray has an address, and no token: set CAPSTAN_RAY_TOKEN, or rayTokenFile', {
      field: 'rayToken',
      hint,
    });
  }
  try {
    return readFileSync(resolve(rayTokenFile), 'utf8').trim();
  } catch (cause) {
    throw invalid(`The token of Ray cannot be read: ${messageOf(cause)}`, { field: 'rayTokenFile', hint, cause });
  }
}
