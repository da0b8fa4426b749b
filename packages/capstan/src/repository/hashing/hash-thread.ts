// A thread that hashes and places files; each message is a task, answered by its outcome.
import { parentPort } from 'node:worker_threads';
import { doPoolTask, type PoolCall, type PoolTasks } from './pool-task.ts';

parentPort?.on('message', (call: PoolCall<keyof PoolTasks>) => {
  void doPoolTask(call).then((outcome) => parentPort?.postMessage(outcome));
});
