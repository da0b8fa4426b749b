import { spawn, type StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Folder of what tasks bring and remember; not in version control. */
export const runtimeFolder = join(root, '.runtime');

/** One line of progress, on stderr. */
export function say(line: string): void {
  process.stderr.write(`capstan: ${line}\n`);
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
    stderr: ['ignore', 2, 2],
    inherit: 'inherit',
    ignore: 'ignore',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: stdio[options.output ?? 'stderr'],
    });
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
    child.once('exit', (code) => {
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
