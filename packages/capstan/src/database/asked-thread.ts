import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** To a thread: this was the last. */
export const END = 'end';

/**
 * A thread that answers one message at a time, each by one. It keeps the process alive while it is asked only.
 * @typeParam Question what it is asked
 * @typeParam Answer what it answers
 */
export class AskedThread<Question, Answer> {
  readonly #worker: Worker;
  #hasEnded = false;

  /** @throws Error where the system gives no thread */
  constructor(entry: URL, name: string, workerData: unknown) {
    this.#worker = new Worker(entry, { workerData, env: {}, execArgv: [], name });
    // Its end follows, which is what a question looks at.
    this.#worker.on('error', () => {}).once('exit', () => (this.#hasEnded = true));
    this.#worker.unref();
  }

  /** @returns undefined where the thread ended instead */
  async ask(question: Question): Promise<Answer | undefined> {
    const worker = this.#worker;
    if (this.#hasEnded) return undefined;
    worker.ref();
    const answer = await new Promise<Answer | undefined>((resolve) => {
      const onMessage = (message: Answer): void => {
        worker.off('exit', onExit);
        resolve(message);
      };
      const onExit = (): void => {
        worker.off('message', onMessage);
        resolve(undefined);
      };
      worker.once('message', onMessage).once('exit', onExit);
      worker.postMessage(question);
    });
    worker.unref();
    return answer;
  }

  /** Lets it close what it has open. Nothing may be asked any more. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#worker.ref();
    const ended = once(this.#worker, 'exit');
    this.#worker.postMessage(END);
    await ended;
  }
}
