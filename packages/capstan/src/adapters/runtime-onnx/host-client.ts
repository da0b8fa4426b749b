import { DomainError } from '#kernel/errors';
import { toError, type HostCalls, type HostMethod, type HostReply } from './host-messages.ts';

/** The two ends of a way to a host, whatever it is made of. */
export interface HostChannel {
  post(message: object): void;
  onReply(listener: (reply: HostReply) => void): void;
  /** Called once, with the reason, when the host is gone. */
  onEnd(listener: (reason: string) => void): void;
}

export interface HostClient {
  /**
   * @throws DomainError as the host says, or UNAVAILABLE when it ends before its answer
   */
  call<Method extends HostMethod>(
    method: Method,
    request: HostCalls[Method]['request'],
    onComputed?: (ms: number) => void,
  ): Promise<HostCalls[Method]['reply']>;
}

interface Waiting {
  readonly onComputed: ((ms: number) => void) | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: DomainError) => void;
}

/** Calls to a host, each with its own answer. */
export function createHostClient(channel: HostChannel): HostClient {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: DomainError | undefined;

  channel.onReply((reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('failure' in reply) call?.reject(toError(reply.failure));
    else {
      if (reply.computedMs !== undefined) call?.onComputed?.(reply.computedMs);
      call?.resolve(reply.result as never);
    }
  });
  channel.onEnd((reason) => {
    ended = new DomainError('UNAVAILABLE', `The host of the model has ended: ${reason}`, {
      hint: 'Load the model again.',
      details: { reason },
    });
    for (const call of waiting.values()) call.reject(ended);
    waiting.clear();
  });

  return {
    call: (method, request, onComputed) =>
      new Promise((resolve, reject) => {
        if (ended) {
          reject(ended);
          return;
        }
        const id = ++lastId;
        waiting.set(id, { resolve, reject, onComputed });
        channel.post({ ...request, id, method });
      }),
  };
}
