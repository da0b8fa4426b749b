import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, type StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Folder of what tasks bring and remember; not in version control. */
export const runtimeFolder = join(root, '.runtime');

/** What would go to stderr inside of `quietly`. */
const held = new AsyncLocalStorage<Buffer[]>();

/** One line of progress, on stderr. */
export function say(line: string): void {
  const text = `capstan: ${line}\n`;
  const pieces = held.getStore();
  if (pieces) pieces.push(Buffer.from(text));
  else process.stderr.write(text);
}

/** Holds back what `work` and its commands print, for work that goes on beside other work. Returns it with the result. */
export async function quietly<Result>(work: () => Promise<Result>): Promise<{ result: Result; printed: string }> {
  const pieces: Buffer[] = [];
  const result = await held.run(pieces, work);
  return { result, printed: Buffer.concat(pieces).toString() };
}

export interface RunOptions {
  readonly cwd?: string;
  /** On top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the command's output goes; both streams to stderr by default. */
  readonly output?: 'stderr' | 'inherit' | 'ignore';
}

const ENDED_BY_SIGNAL = 128;

/** Runs a command to its end. Returns its exit code. @throws Error when it cannot be started */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const stdio: Record<NonNullable<RunOptions['output']>, StdioOptions> = {
    stderr: held.getStore() ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2],
    inherit: 'inherit',
    ignore: 'ignore',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: stdio[options.output ?? 'stderr'],
    });
    const pieces = held.getStore();
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => pieces?.push(piece));
    const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, passOn);
    const end = (): void => {
      for (const signal of signals) process.off(signal, passOn);
    };
    child.once('error', (error) => {
      end();
      reject(new Error(`cannot start ${command}: ${error.message}`));
    });
    // All that it printed has come by then.
    child.once('close', (code) => {
      end();
      resolve(code ?? ENDED_BY_SIGNAL);
    });
  });
}

/**
 * Runs a command of an installed package with this Node.js.
 * @param manifest URL of the package's package.json: `import.meta.resolve('NAME/package.json')`
 * @param bin the command's path inside the package
 */
export function runPackage(
  manifest: string,
  bin: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<number> {
  return run(process.execPath, [fileURLToPath(new URL(bin, manifest)), ...args], options);
}
