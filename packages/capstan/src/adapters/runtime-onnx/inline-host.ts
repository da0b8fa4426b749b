import type { HostClient } from './host-client.ts';
import { toError } from './host-messages.ts';
import { createHostedModel } from './hosted-model.ts';

/** A host in the caller's own thread. */
export function createInlineHost(): HostClient {
  const answer = createHostedModel();
  return {
    async call(method, request, onComputed) {
      const reply = await answer({ ...request, id: 0, method } as Parameters<typeof answer>[0]);
      if ('failure' in reply) throw toError(reply.failure);
      if (reply.computedMs !== undefined) onComputed?.(reply.computedMs);
      return reply.result as never;
    },
  };
}
