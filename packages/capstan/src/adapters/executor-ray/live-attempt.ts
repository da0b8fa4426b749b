import { closeSync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { ExecutionResult, ExecutionSpec } from '#ports/executor';
import type { IncomingOutputs } from './bring-back.ts';
import type { CarriedFiles } from './carry-files.ts';
import { Refusal } from './listener.ts';

const BEAT_HELD_MS = 5000;
const writeTo = promisify(write);

/** What ends an attempt without a word from a node. */
const NOT_MEASURED = { durationMs: 0, cpuMs: null, peakMemoryBytes: null };

/**
 * One attempt from its start to its end, as this side sees it. It counts until it has settled; whatever a node says of
 * it later changes nothing.
 */
export class LiveAttempt {
  readonly spec: ExecutionSpec;
  readonly carried: CarriedFiles | undefined;
  readonly done: Promise<ExecutionResult>;
  outputs: IncomingOutputs | undefined;
  /** Its end was told, and what it left is being put in place. */
  isAccepting = false;
  readonly #log: number;
  readonly #settle: (result: ExecutionResult) => void;
  readonly #startedMs = performance.now();
  #logOffset = 0;
  #logTail: Promise<unknown> = Promise.resolve();
  #machine: string | undefined;
  #isCancelled = false;
  #hasEnded = false;
  #heldBeats = 0;
  #heardMs = Number.POSITIVE_INFINITY;
  #wake = Promise.withResolvers<void>();

  /** @param log descriptor, which is closed at the end */
  constructor(spec: ExecutionSpec, carried: CarriedFiles | undefined, log: number) {
    this.spec = spec;
    this.carried = carried;
    this.#log = log;
    const { promise, resolve } = Promise.withResolvers<ExecutionResult>();
    this.done = promise;
    this.#settle = resolve;
  }

  get hasBegun(): boolean {
    return this.#machine !== undefined;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Real time since its node was last heard of; none before it has begun. */
  get silentMs(): number {
    return this.#heldBeats > 0 ? 0 : performance.now() - this.#heardMs;
  }

  heard(): void {
    if (this.hasBegun) this.#heardMs = performance.now();
  }

  /** A node takes it. @throws Refusal 410 where one has it already */
  begin(machine: string): void {
    if (this.hasBegun) throw new Refusal(410, 'Another node runs it');
    this.#machine = machine;
    this.heard();
  }

  /** Held until there is something to say. */
  async beat(): Promise<{ readonly isCancelled: boolean }> {
    this.#heldBeats++;
    const timer = setTimeout(() => this.#wake.resolve(), BEAT_HELD_MS);
    try {
      if (!this.#isCancelled) await this.#wake.promise;
      if (this.#hasEnded) throw new Refusal(410, 'It has ended');
      return { isCancelled: this.#isCancelled };
    } finally {
      clearTimeout(timer);
      if (!this.#isCancelled && !this.#hasEnded) this.#wake = Promise.withResolvers();
      this.#heldBeats--;
      this.heard();
    }
  }

  /** Appends what the command printed; what was sent twice is written once. @throws Refusal 409, 507 */
  async appendLog(offset: number, bytes: Buffer): Promise<void> {
    const task = this.#logTail.then(async () => {
      if (this.#hasEnded) throw new Refusal(410, 'It has ended');
      if (offset > this.#logOffset) throw new Refusal(409, `The log goes on at ${this.#logOffset}`);
      const fresh = bytes.subarray(this.#logOffset - offset);
      for (let written = 0; written < fresh.length;) {
        const { bytesWritten } = await writeTo(this.#log, fresh, written, fresh.length - written, null);
        written += bytesWritten;
        this.#logOffset += bytesWritten;
      }
    });
    this.#logTail = task.catch(() => {});
    await task;
  }

  /** A line of ours in the log. */
  async say(text: string): Promise<void> {
    await this.appendLog(this.#logOffset, Buffer.from(`capstan: ${text}\n`)).catch(() => {});
  }

  /** Returns whether it is for the caller to tell the node's scheduler: no node has it yet. */
  cancel(): boolean {
    if (this.#isCancelled || this.#hasEnded) return false;
    this.#isCancelled = true;
    this.#wake.resolve();
    if (this.hasBegun) return false;
    // TERM is what would have been sent.
    this.settle({ outcome: 'cancelled', exitCode: null, signal: 'SIGTERM', ...NOT_MEASURED });
    return true;
  }

  /** What has been told to have ended well is not lost any more. */
  lose(): void {
    if (this.isAccepting) return;
    const durationMs = this.hasBegun ? performance.now() - this.#startedMs : 0;
    this.settle({ outcome: 'lost', exitCode: null, signal: null, ...NOT_MEASURED, durationMs });
  }

  settle(result: ExecutionResult): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#wake.resolve();
    this.outputs?.discard();
    // What is being written to the log is written first.
    void this.#logTail.then(() => {
      closeSync(this.#log);
      this.#settle({ ...result, ...(this.#machine !== undefined && { machine: this.#machine }) });
    });
  }
}
