// Starts a real Capstan in its own process, as a user would, and stops it by its process id.
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The launcher, which runs the sources in a checkout. */
export const launcher = fileURLToPath(new URL('../../packages/capstan/bin/capstan.mjs', import.meta.url));

/** What tests start: the build where `npm test` has made one, since it starts in half the time; else the sources. */
export const program = process.env['TEST_CAPSTAN'] ?? launcher;

export interface RunningServer {
  readonly url: string;
  /** Of the data plane; empty where there is none. */
  readonly servingUrl: string;
  readonly data: string;
  readonly pid: number;
  /** TERM, and the exit code once it has ended. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** How this machine reaches its package registries: what a build of a Python environment needs of a user's shell. */
export const installers = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^((PIP|UV)_\w+|SSL_CERT_(FILE|DIR)|\w+_(proxy|PROXY))$/.test(name)),
) as Record<string, string>;

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'capstan-test-'));
}

interface Started {
  /** Another program than the others start. */
  readonly program?: string;
  /** Where compiled code is kept; where the program says when left out. */
  readonly cache?: string;
  /** Words before the command line, of a program that becomes the server. */
  readonly through?: readonly string[];
}

/** `capstan up` on a free port with the given flags; resolves at its ready line. */
export async function startServer(
  flags: readonly string[] = [],
  data = emptyFolder(),
  started: Started = {},
): Promise<RunningServer> {
  const ports = ['--port', '0', '--serving-port', '0'];
  const up = [started.program ?? program, 'up', ...ports, '--data', data, '--log-level', 'warn', ...flags];
  const [command = '', ...args] = [...(started.through ?? []), process.execPath, ...up];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...installers,
      PATH: process.env['PATH'] ?? '',
      HOME: data,
      ...(started.cache !== undefined && { NODE_COMPILE_CACHE: started.cache }),
    },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const url = await readyUrl(child);
  const servingUrl = /predictions at (\S+),/.exec(said)?.[1] ?? '';
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    await once(child, 'exit');
    return child.exitCode;
  };
  return {
    url,
    servingUrl,
    data,
    pid: child.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}

export interface RunningServing {
  readonly url: string;
  readonly pid: number;
  kill(): Promise<void>;
  /** TERM, and the exit code once it has ended. */
  stop(): Promise<number | null>;
  /** Closes its input, as a supervisor that was killed does. */
  letGo(): Promise<number | null>;
}

/** A data plane of its own, with an input that stays open. */
export async function startServing(
  controlPlane: string,
  flags: readonly string[] = [],
  folder = emptyFolder(),
): Promise<RunningServing> {
  const child = spawn(
    process.execPath,
    [
      program,
      'serve',
      '--serving-port=0',
      `--data=${folder}`,
      `--control-plane=${controlPlane}`,
      '--log-level=warn',
      '--while-input-open',
      ...flags,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', HOME: folder } },
  );
  const url = await readyUrl(child);
  const ended = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  };
  return {
    url,
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await ended();
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended();
    },
    letGo: () => {
      child.stdin.end();
      return ended();
    },
  };
}

/** Address from the ready line of `capstan up` or `capstan serve`. @throws Error with its stderr when it ends before */
export function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const url = /capstan (?:ready|serving) at (\S+)/.exec(out)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('exit', (code) => reject(new Error(`capstan up ended with ${code} before it was ready:\n${err}`)));
  });
}

/** The process of `capstan`, below, for whoever does more with it than wait. */
export function startCommand(
  args: readonly string[],
  url?: string,
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: emptyFolder(),
      ...(url !== undefined && { CAPSTAN_URL: url }),
      ...env,
    },
  });
}

export interface CommandOutput {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One command line of the product, against a server when `url` is given, in a folder when one is. */
export async function capstan(
  args: readonly string[],
  url?: string,
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutput> {
  const child = startCommand(args, url, cwd, env);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}
