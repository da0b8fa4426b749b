import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError } from '#kernel/errors';
import type { Config } from '../config.ts';
import { ON_INPUT } from './input.ts';

/** A data plane in a process of its own, kept alive. */
export interface SupervisedServing {
  /**
   * Tells it where the control plane answers, which it waits for before it does anything that others see. Resolves with
   * its own address, which stays the same over restarts.
   * @throws DomainError CONFLICT when its port is taken; UNAVAILABLE when it does not answer within 20 s
   */
  follow(controlPlaneUrl: string): Promise<string>;
  /** TERM, then KILL after the grace. */
  stop(graceMs: number): Promise<void>;
}

type ServedConfig = Pick<Config, 'host' | 'servingPort' | 'data' | 'allowedHosts' | 'logLevel' | 'checkReplies'>;

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 10_000;
/** One that has lived this long and ends is tried again at once. */
const HEALTHY_AFTER_MS = 30_000;
/** Longer than a data plane takes to let go of its port after its own supervisor was killed. */
const START_TIMEOUT_MS = 20_000;

/**
 * Runs `capstan serve` beside a control plane and starts it again whenever it ends. It loads its code while the control
 * plane does, so that both are up after the time of the slower one.
 */
export function superviseServing(config: ServedConfig, log: Logger): SupervisedServing {
  let isStopping = false;
  let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  let url: string | undefined;
  let controlPlane: string | undefined;
  let backOffMs = FIRST_BACK_OFF_MS;
  const ready = Promise.withResolvers<string>();
  const stopped = new AbortController();

  function start(): Promise<unknown> {
    // A port that the system chose once is asked for again, since callers know it by now.
    const port = url === undefined ? config.servingPort : Number(new URL(url).port);
    const started = spawn(process.execPath, commandLine({ ...config, servingPort: port }), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = started;
    started.stdout.setEncoding('utf8');
    let out = '';
    started.stdout.on('data', (text: string) => {
      out = (out + text).slice(-LINE_LENGTH);
      if (PORT_TAKEN_LINE.test(out)) {
        if (url === undefined) giveUp(started);
        else log.warn({ port }, 'the port of the data plane is taken');
      }
      const found = READY_LINE.exec(out)?.[1];
      if (found === undefined || found === url) return;
      url = found;
      ready.resolve(found);
    });
    // A pipe whose other end is gone gives an error where a reader would see its end.
    started.stdin.on('error', () => {});
    if (controlPlane !== undefined) started.stdin.write(`${controlPlane}\n`);
    return once(started, 'exit').catch((error: unknown) =>
      log.error({ err: error }, 'the data plane cannot be started'),
    );
  }

  /** A stranger has the port: whoever chose it must choose another one. */
  function giveUp(started: ChildProcessByStdio<Writable, Readable, null>): void {
    isStopping = true;
    const message = `Port ${config.servingPort} of ${config.host} is taken, so the data plane cannot listen there`;
    const refusal = new DomainError('CONFLICT', message, { field: 'servingPort', hint: NO_SERVING_HINT });
    started.once('exit', () => ready.reject(refusal));
  }

  async function run(): Promise<void> {
    while (!isStopping) {
      const since = performance.now();
      await start();
      child = undefined;
      if (isStopping) return;
      if (performance.now() - since > HEALTHY_AFTER_MS) backOffMs = FIRST_BACK_OFF_MS;
      log.warn({ backOffMs }, 'the data plane has ended and is started again');
      await sleep(backOffMs, undefined, { signal: stopped.signal }).catch(() => {});
      backOffMs = Math.min(LONGEST_BACK_OFF_MS, backOffMs * 2);
    }
  }

  async function stop(graceMs: number): Promise<void> {
    isStopping = true;
    stopped.abort();
    child?.kill('SIGTERM');
    const timer = setTimeout(() => child?.kill('SIGKILL'), graceMs);
    await running;
    clearTimeout(timer);
  }

  async function follow(controlPlaneUrl: string): Promise<string> {
    controlPlane = controlPlaneUrl;
    child?.stdin.write(`${controlPlaneUrl}\n`);
    const timer = setTimeout(() => {
      ready.reject(
        new DomainError('UNAVAILABLE', 'The data plane does not start: its reasons stand above', {
          hint: NO_SERVING_HINT,
        }),
      );
    }, START_TIMEOUT_MS);
    try {
      return await ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  const running = run();
  return { follow, stop };
}

const READY_LINE = /capstan serving at (\S+)/;
/** What `capstan serve` prints for its supervisor, which then says it itself. */
export const PORT_TAKEN = 'capstan cannot serve: its port is taken';
const PORT_TAKEN_LINE = new RegExp(`^${PORT_TAKEN}$`, 'm');
const LINE_LENGTH = 4_096;
const NO_SERVING_HINT = 'Choose another --serving-port, or leave it out with --no-serving.';

function commandLine(config: ServedConfig): string[] {
  const program = process.argv[1];
  if (program === undefined) throw new Error('this process does not know its own program');
  return [
    ...process.execArgv,
    program,
    'serve',
    `--host=${config.host}`,
    `--serving-port=${config.servingPort}`,
    `--data=${config.data}`,
    // On its input, since it starts before the control plane has an address.
    `--control-plane=${ON_INPUT}`,
    `--log-level=${config.logLevel}`,
    ...(config.allowedHosts.length > 0 ? ['--allowed-hosts', config.allowedHosts.join(',')] : []),
    config.checkReplies ? '--check-replies' : '--no-check-replies',
    // Its input is a pipe from here: when this process ends, however it ends, so does the data plane.
    '--while-input-open',
  ];
}
