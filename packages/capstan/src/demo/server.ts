import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DomainError } from '#kernel/errors';

export interface DemoServer {
  /** Control plane. */
  readonly url: string;
  /** Data plane. */
  readonly servingUrl: string;
  /** Resolves once it answers; starts it again where it has ended. @throws DomainError UNAVAILABLE */
  ensure(): Promise<void>;
  /** TERM, and waits for its end. */
  stop(): Promise<void>;
}

interface Addresses {
  readonly url: string;
  readonly servingUrl: string;
}

export interface ServerSettings {
  readonly data: string;
  readonly port: number;
  readonly servingPort: number;
}

const READY = /capstan ready at (\S+) \(predictions at (\S+),/;

/** `capstan up` on the simulated clock, in a process of its own that ends when this one does, however that ends. */
export async function startServer(settings: ServerSettings): Promise<DemoServer> {
  let child: ChildProcess | undefined;
  let addresses: Addresses | undefined;

  async function start(): Promise<Addresses> {
    // Ports that the system chose once are asked for again.
    const port = addresses ? Number(new URL(addresses.url).port) : settings.port;
    const servingPort = addresses ? Number(new URL(addresses.servingUrl).port) : settings.servingPort;
    const started = spawn(
      process.execPath,
      commandLine({ ...settings, port, servingPort }, settings.servingPort === 0),
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        // A group of its own: an interrupt at the terminal is for the demo, which then stops this one in order.
        detached: true,
      },
    );
    started.stdin.on('error', () => {});
    child = started;
    return await readyOf(started);
  }

  addresses = await patiently(start);
  return {
    ...addresses,
    async ensure() {
      if (child && child.exitCode === null && child.signalCode === null) return;
      addresses = await patiently(start);
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const CONFLICT = 5;
const TRIES = 30;
const PAUSE_MS = 1_000;

/** After a kill the server of the demo before may still be letting go of the data and the ports. */
async function patiently(start: () => Promise<Addresses>): Promise<Addresses> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const isHeld = error instanceof DomainError && error.details?.['code'] === CONFLICT;
      if (!isHeld || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function readyOf(child: ChildProcess): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out = (out + text).slice(-LONGEST_LINE);
      const [, url, servingUrl] = READY.exec(out) ?? [];
      if (url !== undefined && servingUrl !== undefined) resolve({ url, servingUrl });
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(
        new DomainError('UNAVAILABLE', `The server of the demo ended with ${code}: its reason stands above`, {
          hint: 'Choose other ports with --port and --serving-port, or another folder with --data.',
          details: { code },
        }),
      ),
    );
  });
}

const LONGEST_LINE = 4_096;

function commandLine({ data, port, servingPort }: ServerSettings, isAnyPort: boolean): string[] {
  const program = process.argv[1];
  if (program === undefined) throw new Error('this process does not know its own program');
  return [
    ...process.execArgv,
    program,
    'up',
    '--clock=simulated',
    `--data=${data}`,
    `--port=${port}`,
    `--serving-port=${servingPort}`,
    ...(isAnyPort ? ['--grpc-port=0'] : []),
    '--log-level=error',
    '--while-input-open',
  ];
}
