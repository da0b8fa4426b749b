import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError } from '#kernel/errors';
import type { Config } from '../config.ts';
import { ON_INPUT } from './input.ts';

export interface ServingAddresses {
  readonly url: string;
  /** `host:port`; undefined where gRPC is switched off. */
  readonly grpc: string | undefined;
}

/** A data plane in a process of its own, kept alive. */
export interface SupervisedServing {
  /**
   * Tells it where the control plane answers, which it waits for before it does anything that others see. Resolves with
   * its own addresses, which stay the same over restarts.
   * @throws DomainError CONFLICT when its port is taken; UNAVAILABLE when it does not answer within 20 s
   */
  follow(controlPlaneUrl: string): Promise<ServingAddresses>;
  /** TERM, then KILL after the grace. */
  stop(graceMs: number): Promise<void>;
}

type ServedConfig = Pick<
  Config,
  | 'host'
  | 'python'
  | 'servingProcesses'
  | 'servingPython'
  | 'relaxedPython'
  | 'modelWorkers'
  | 'modelMemory'
  | 'modelMemoryBudget'
  | 'servingEnvironment'
  | 'resultCache'
  | 'predictionLogSync'
  | 'servingPort'
  | 'grpcPort'
  | 'grpc'
  | 'grpcMessageBytes'
  | 'data'
  | 'allowedHosts'
  | 'logLevel'
  | 'otlpEndpoint'
  | 'traceShare'
  | 'accessLog'
  | 'checkReplies'
>;

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 10_000;
/** One that has lived this long and ends is tried again at once. */
const HEALTHY_AFTER_MS = 30_000;
/** Longer than a data plane takes to let go of its port after its own supervisor was killed. */
const START_TIMEOUT_MS = 20_000;
/** For its models, where others answer meanwhile or nobody waits for its start. */
const LONGEST_LOAD_MS = 300_000;

/**
 * Runs the processes of the data plane. The first finds the ports that are free where any may be taken; the others share
 * them, so that the kernel hands connections to whichever is there.
 */
export function superviseServing(config: ServedConfig, log: Logger): SupervisedServing {
  const processes = [superviseProcess(config, log, 0)];
  return {
    async follow(controlPlaneUrl) {
      const [first] = processes;
      if (!first) throw new Error('there is a first process');
      const addresses = await first.follow(controlPlaneUrl);
      const ports = {
        servingPort: Number(new URL(addresses.url).port),
        grpcPort: addresses.grpc === undefined ? config.grpcPort : Number(addresses.grpc.replace(/.*:/, '')),
      };
      for (let index = 1; index < config.servingProcesses; index++) {
        processes.push(superviseProcess({ ...config, ...ports }, log, index));
      }
      // Nobody waits for these: the first answers, and their models may take a while.
      for (const one of processes.slice(1)) {
        one.follow(controlPlaneUrl).catch((error: unknown) => log.error({ err: error }, 'a process of the data plane'));
      }
      return addresses;
    },
    stop: async (graceMs) => void (await Promise.all(processes.map((one) => one.stop(graceMs)))),
  };
}

/**
 * Runs `capstan serve` beside a control plane and starts it again whenever it ends. It loads its code while the control
 * plane does, so that both are up after the time of the slower one.
 */
function superviseProcess(config: ServedConfig, log: Logger, index: number): SupervisedServing {
  let isStopping = false;
  let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  let addresses: ServingAddresses | undefined;
  let controlPlane: string | undefined;
  let backOffMs = FIRST_BACK_OFF_MS;
  const ready = Promise.withResolvers<ServingAddresses>();
  const stopped = new AbortController();

  function start(): Promise<unknown> {
    // Ports that the system chose once are asked for again, since callers know them by now.
    const servingPort = addresses === undefined ? config.servingPort : Number(new URL(addresses.url).port);
    const grpcPort = addresses?.grpc === undefined ? config.grpcPort : Number(addresses.grpc.replace(/.*:/, ''));
    const started = spawn(
      process.execPath,
      commandLine({ ...config, servingPort, grpcPort }, index, addresses !== undefined || index > 0),
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: config.servingEnvironment,
      },
    );
    child = started;
    started.stdout.setEncoding('utf8');
    let out = '';
    started.stdout.on('data', (text: string) => {
      out = (out + text).slice(-LINE_LENGTH);
      const taken = PORT_TAKEN_LINE.exec(out)?.[1];
      if (taken !== undefined) {
        if (addresses === undefined) giveUp(started, taken === 'grpcPort' ? 'grpcPort' : 'servingPort');
        else log.warn({ servingPort, grpcPort }, 'a port of the data plane is taken');
      }
      const [, url, grpc] = READY_LINE.exec(out) ?? [];
      if (url === undefined || url === addresses?.url) return;
      addresses = { url, grpc };
      ready.resolve(addresses);
    });
    // A pipe whose other end is gone gives an error where a reader would see its end.
    started.stdin.on('error', () => {});
    if (controlPlane !== undefined) started.stdin.write(`${controlPlane}\n`);
    return once(started, 'exit').catch((error: unknown) =>
      log.error({ err: error }, 'the data plane cannot be started'),
    );
  }

  /** A stranger has the port: whoever chose it must choose another one. */
  function giveUp(started: ChildProcessByStdio<Writable, Readable, null>, field: 'servingPort' | 'grpcPort'): void {
    isStopping = true;
    const message = `Port ${config[field]} of ${config.host} is taken, so the data plane cannot listen there`;
    const hint = field === 'grpcPort' ? NO_GRPC_HINT : NO_SERVING_HINT;
    const refusal = new DomainError('CONFLICT', message, { field, hint });
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

  async function follow(controlPlaneUrl: string): Promise<ServingAddresses> {
    controlPlane = controlPlaneUrl;
    child?.stdin.write(`${controlPlaneUrl}\n`);
    const timer = setTimeout(
      () => {
        ready.reject(
          new DomainError('UNAVAILABLE', 'The data plane does not start: its reasons stand above', {
            hint: NO_SERVING_HINT,
          }),
        );
      },
      index > 0 ? LONGEST_LOAD_MS : START_TIMEOUT_MS,
    );
    try {
      return await ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  const running = run();
  return { follow, stop };
}

const READY_LINE = /capstan serving at (\S+) \((?:gRPC at (\S+), )?data in/;
/** What `capstan serve` prints for its supervisor, which then says it itself; the setting of the port stands behind it. */
export const PORT_TAKEN = 'capstan cannot serve: its port is taken';
const PORT_TAKEN_LINE = new RegExp(`^${PORT_TAKEN}: (\\w+)$`, 'm');
const LINE_LENGTH = 4_096;
const NO_SERVING_HINT = 'Choose another --serving-port, or leave it out with --no-serving.';
const NO_GRPC_HINT = 'Choose another --grpc-port, or leave it out with --no-grpc.';

function commandLine(config: ServedConfig, index: number, isUnawaited: boolean): string[] {
  const program = process.argv[1];
  if (program === undefined) throw new Error('this process does not know its own program');
  return [
    ...process.execArgv,
    program,
    'serve',
    `--process=${index}`,
    ...(isUnawaited ? [`--ready-within=${LONGEST_LOAD_MS}`] : []),
    `--serving-processes=${config.servingProcesses}`,
    `--host=${config.host}`,
    `--serving-port=${config.servingPort}`,
    `--grpc-port=${config.grpcPort}`,
    config.grpc ? '--grpc' : '--no-grpc',
    `--grpc-message-bytes=${config.grpcMessageBytes}`,
    `--data=${config.data}`,
    `--python=${config.python}`,
    ...(config.servingPython === null ? [] : [`--serving-python=${config.servingPython}`]),
    config.relaxedPython ? '--relaxed-python' : '--no-relaxed-python',
    `--model-workers=${config.modelWorkers}`,
    `--model-memory=${config.modelMemory}`,
    ...(config.modelMemoryBudget === null ? [] : [`--model-memory-budget=${config.modelMemoryBudget}`]),
    `--result-cache=${config.resultCache}`,
    `--prediction-log-sync=${config.predictionLogSync}`,
    // On its input, since it starts before the control plane has an address.
    `--control-plane=${ON_INPUT}`,
    `--log-level=${config.logLevel}`,
    ...(config.otlpEndpoint === null ? [] : [`--otlp-endpoint=${config.otlpEndpoint}`]),
    `--trace-share=${config.traceShare}`,
    config.accessLog ? '--access-log' : '--no-access-log',
    ...(config.allowedHosts.length > 0 ? ['--allowed-hosts', config.allowedHosts.join(',')] : []),
    config.checkReplies ? '--check-replies' : '--no-check-replies',
    // Its input is a pipe from here: when this process ends, however it ends, so does the data plane.
    '--while-input-open',
  ];
}
