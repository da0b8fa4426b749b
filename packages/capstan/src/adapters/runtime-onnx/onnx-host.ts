// The entry of a host of one model: a thread of the server, or the child process of a trial. In a child process the
// model also runs in a thread, so that it meets the same stack there, and so that the child can still hear that its
// parent is gone while the model hangs.
import { writeFileSync } from 'node:fs';
import { parentPort, Worker } from 'node:worker_threads';
import type { HostReply, HostRequest } from './host-messages.ts';
import { createHostedModel } from './hosted-model.ts';

if (parentPort) {
  const port = parentPort;
  const answer = createHostedModel();
  port.on('message', (request: HostRequest) => {
    void answer(request).then((reply) => port.postMessage(reply));
  });
} else {
  offerToTheKernel();
  const thread = new Worker(new URL(import.meta.url));
  // Only KILL ends a process whose thread is stuck in the library.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', (request: HostRequest) => thread.postMessage(request));
  thread.on('message', (reply: HostReply) => process.send?.(reply));
  thread.on('error', (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}

/** When memory runs out, the kernel shall take this process and not the server. */
function offerToTheKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Only Linux has it.
  }
}
