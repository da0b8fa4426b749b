import { setTimeout as sleep } from 'node:timers/promises';
import { notFound } from '#kernel/errors';
import { behindPrefix } from './framing.ts';
import type { Messages } from './messages.ts';
import type { GrpcMethod } from './server-call.ts';

export interface HealthSource {
  /** Names that health is told of, beside the empty one of the whole server. */
  readonly services: ReadonlySet<string>;
  isServing(): boolean;
}

/** How soon a watcher hears of a change. */
const LOOK_EVERY_MS = 500;

/** The standard health service (grpc.health.v1): what load balancers and kubelets ask. */
export function healthMethods(
  source: HealthSource,
  messages: () => Promise<Messages>,
): Readonly<Record<'Check' | 'Watch', GrpcMethod>> {
  const statusOf = (service: string): 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' => {
    if (service !== '' && !source.services.has(service)) return 'SERVICE_UNKNOWN';
    return source.isServing() ? 'SERVING' : 'NOT_SERVING';
  };
  return {
    Check: {
      kind: 'unary',
      permission: 'public',
      async handle(message) {
        const { read, write } = await messages();
        const service = String(read('HealthCheckRequest', message)['service']);
        const status = statusOf(service);
        if (status === 'SERVICE_UNKNOWN') throw notFound('service', service);
        return behindPrefix(write('HealthCheckResponse', { status }));
      },
    },
    Watch: {
      kind: 'watch',
      permission: 'public',
      async *handle(message, { signal }) {
        const { read, write } = await messages();
        const service = String(read('HealthCheckRequest', message)['service']);
        let told: string | undefined;
        while (!signal.aborted) {
          const status = statusOf(service);
          if (status !== told) yield write('HealthCheckResponse', { status });
          told = status;
          await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
        }
      },
    },
  };
}
