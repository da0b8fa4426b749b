import { Worker } from 'node:worker_threads';
import { createHostClient, type HostClient } from './host-client.ts';
import type { HostReply } from './host-messages.ts';

export interface ThreadHost extends HostClient {
  /** Ends the thread as soon as the library lets it. */
  end(): void;
}

/** Starts a host in a thread of this process: the library computes there, and the event loop here stays free. */
export function startThreadHost(entry: URL): ThreadHost {
  const thread = new Worker(entry, { env: {}, execArgv: [], name: 'onnx' });
  const client = createHostClient({
    post: (message) => thread.postMessage(message),
    onReply: (listener) => void thread.on('message', (reply: HostReply) => listener(reply)),
    onEnd(listener) {
      let reason = 'its thread was ended';
      thread.on('error', (error) => {
        reason = error.message;
      });
      thread.on('exit', () => listener(reason));
    },
  });
  return { call: client.call, end: () => void thread.terminate() };
}
