// A thread that hashes files; each message is a task, answered by its outcome.
import { parentPort } from 'node:worker_threads';
import { doHashTask, type HashTask } from './hash-task.ts';

parentPort?.on('message', (task: HashTask) => {
  void doHashTask(task).then((outcome) => parentPort?.postMessage(outcome));
});
