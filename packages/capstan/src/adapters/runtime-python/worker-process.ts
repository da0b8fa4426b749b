import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, messageOf } from '#kernel/errors';
import { createFrameReader, encodeFrame, type Frame } from './frames.ts';
import { keepLastLines } from './last-lines.ts';
import { markedProcesses, tell, WORKER_MARKER } from './process-tree.ts';

export interface WorkerCommand {
  readonly python: string;
  /** Folder of the worker's program. */
  readonly program: string;
  readonly modelFolder: string;
  /** Its working folder, HOME and TMPDIR. */
  readonly runFolder: string;
  /** All of its environment but what points at the folder above. */
  readonly environment: Readonly<Record<string, string>>;
  /** Numbers of a user and a group that it runs as; only root can give another. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
  /** Larger answers end it. */
  readonly maxAnswerBytes: number;
  /** Unique for ever. */
  readonly mark: string;
  onLine(line: string): void;
}

/** One Python process with the model in it; its outputs are the model's, frames go by a socket that only it has. */
export interface WorkerProcess {
  readonly pid: number;
  /** Hears each frame it sends. */
  onFrame(listener: (frame: Frame) => void): void;
  send(header: Readonly<Record<string, unknown>>, buffers: readonly Uint8Array[]): void;
  /** Resolves when it answers; a model may keep it from answering for a while. */
  ping(): Promise<void>;
  lastLines(): readonly string[];
  /** Asks it to end, makes it after the grace. Resolves when no process of it is left. */
  end(reason: string, graceMs: number): Promise<void>;
  /** Why, once it and all that it started are gone. */
  readonly ended: Promise<string>;
}

const WORK = 3;
const CONTROL = 4;
/** Says nothing; its end is that of this process. */
const GUARD = 5;
/** What it printed last may still be on its way when it has ended. */
const LAST_WORDS_MS = 200;
const END_LOOKS = 100;
const END_LOOK_MS = 10;

/** @throws DomainError RESOURCE_EXHAUSTED when no process can be started */
export async function startWorkerProcess(command: WorkerCommand): Promise<WorkerProcess> {
  const child = spawn(command.python, ['-u', command.program, command.modelFolder, String(process.pid)], {
    cwd: command.runFolder,
    env: {
      ...command.environment,
      HOME: command.runFolder,
      TMPDIR: command.runFolder,
      [WORKER_MARKER]: command.mark,
    },
    // The leader of a session and group of its own, so that all of it can be ended at once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...command.runAs,
  });
  const lines = keepLastLines(() => performance.now(), command.onLine);
  child.stdout?.on('data', lines.push);
  child.stderr?.on('data', lines.push);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `it exited with ${code}` : `it died of ${signal}`));
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new DomainError('RESOURCE_EXHAUSTED', `Python cannot be started: ${messageOf(cause)}`, {
      hint: 'The machine may be out of processes or memory, or the environment was removed.',
      cause,
    });
  }
  if (child.pid === undefined) throw new Error('a started process has no number');
  const pid: number = child.pid;

  let onFrame: (frame: Frame) => void = () => {};
  let endReason: string | undefined;
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const pongs: (() => void)[] = [];
  const socket = (descriptor: number) => (child.stdio as readonly unknown[])[descriptor] as Socket;
  const [work, control, guard] = [socket(WORK), socket(CONTROL), socket(GUARD)];
  const reader = createFrameReader(command.maxAnswerBytes, (frame) => onFrame(frame));
  work.on('data', (chunk: Uint8Array) => {
    try {
      reader.push(chunk);
    } catch (error) {
      endReason ??= messageOf(error);
      tell(-pid, 'SIGKILL');
    }
  });
  control.on('data', (chunk: Uint8Array) => {
    for (const _ of chunk) pongs.shift()?.();
  });
  // Writing to one that has just died; its end is heard of by itself.
  work.on('error', () => {});
  control.on('error', () => {});
  guard.on('error', () => {});

  async function bury(): Promise<string> {
    const how = await exited;
    tell(-pid, 'SIGKILL');
    const printed = Promise.all([once(child.stdout ?? child, 'close'), once(child.stderr ?? child, 'close')]);
    await Promise.race([printed.catch(() => {}), sleep(LAST_WORDS_MS)]);
    work.destroy();
    control.destroy();
    child.stdout?.destroy();
    child.stderr?.destroy();
    guard.destroy();
    await endMarked(command.mark);
    return endReason ?? how;
  }
  const ended = bury();

  return {
    pid,
    onFrame: (listener) => void (onFrame = listener),
    send(header, buffers) {
      for (const piece of encodeFrame(header, buffers)) work.write(piece);
    },
    async ping() {
      await new Promise<void>((resolve) => {
        pongs.push(resolve);
        control.write('p');
      });
    },
    lastLines: lines.lines,
    async end(reason, graceMs) {
      // Its number may be another's by now.
      if (hasExited) return void (await ended);
      endReason ??= reason;
      tell(-pid, 'SIGTERM');
      const over = new AbortController();
      await Promise.race([exited, sleep(graceMs, undefined, { signal: over.signal }).catch(() => {})]);
      over.abort();
      if (!hasExited) tell(-pid, 'SIGKILL');
      await ended;
    },
    ended,
  };
}

/** What has left the group, too: until none is seen, since one may start another, and dying takes its time. */
async function endMarked(mark: string): Promise<void> {
  for (let look = 0; look < END_LOOKS; look++) {
    const left = await markedProcesses(mark);
    if (left.length === 0) return;
    for (const pid of left) tell(pid, 'SIGKILL');
    await sleep(END_LOOK_MS);
  }
}
