import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { LoadOptions } from '#ports/model-runtime';
import type { Environments } from '#ports/python-environments';
import { lackingIn } from './local-python.ts';
import { findPython } from './pythons.ts';

export interface PythonSettings {
  /** Programs that environments are made from, in the order of preference, as `python3` or a path. */
  readonly pythons: readonly string[];
  /** Whether a model may run with another minor version of Python than it was logged with, where that is missing. */
  readonly isRelaxed?: boolean;
  /** An interpreter that is used as it is by models whose requirements it satisfies. */
  readonly localPython?: string;
  /** Whether environments are built for the others; where not, they are refused. Default true. */
  readonly canBuild?: boolean;
  /** Environments that no process uses are removed, the longest unused first, while all of them hold more. Default 20 GiB. */
  readonly maxEnvironmentBytes?: number;
  readonly commandEnvironment: Readonly<Record<string, string>>;
}

export interface TakenEnvironment {
  readonly python: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Null for an interpreter that is used as it is. */
  readonly key: string | null;
  /** It may be removed from now on. */
  release(): void;
}

const DEFAULT_MAX_BYTES = 20 * 2 ** 30;
const TAIL_EVERY_MS = 300;

/** Environments of models: an interpreter that fits already, else one that is built from what the model requires. */
export function createModelEnvironments(environments: Environments, settings: PythonSettings) {
  return {
    /** @throws DomainError INVALID_ARGUMENT naming the file, or the Python, at fault; DEADLINE_EXCEEDED */
    async take(
      modelFolder: string,
      { onProgress = () => {}, signal = new AbortController().signal }: LoadOptions,
    ): Promise<TakenEnvironment> {
      // Here, not at the top: it reads YAML, and a data plane without such a model need not load that.
      const { readPythonNeeds } = await import('./model-folder.ts');
      const needs = await readPythonNeeds(modelFolder);
      const { localPython, commandEnvironment, isRelaxed = false } = settings;
      if (localPython !== undefined) {
        const lacking = await lackingIn(localPython, needs, commandEnvironment, isRelaxed);
        if (lacking.length === 0) {
          onProgress(`Using ${localPython} as it is: it has what the model requires`);
          return { python: localPython, variables: {}, key: null, release: () => {} };
        }
        const message = `${localPython} lacks ${lacking.join(', ')}`;
        if (settings.canBuild === false) throw notBuilt(message);
        onProgress(`${message}: an environment of its own is made`);
      } else if (settings.canBuild === false) throw notBuilt('no interpreter is set up for models');

      const python = await findPython(needs.version, settings.pythons, commandEnvironment, isRelaxed);
      if (python.note !== undefined) onProgress(python.note);
      let tail: { stop(): Promise<void> } | undefined;
      try {
        const { key, variables, release } = await environments.take(needs.files, {
          signal,
          python: python.program,
          onBuild: async (logFile) => void (tail = followLog(logFile, onProgress)),
        });
        await environments.removeUnused(settings.maxEnvironmentBytes ?? DEFAULT_MAX_BYTES).catch((error: unknown) => {
          release();
          throw error;
        });
        return { python: join(variables['VIRTUAL_ENV'] ?? '', 'bin', 'python'), variables, key, release };
      } catch (error) {
        if (error instanceof DomainError && error.field === 'requirements.txt') {
          throw new DomainError(error.code, error.message, {
            field: needs.source,
            ...(error.hint !== undefined && { hint: error.hint }),
            cause: error,
          });
        }
        throw error;
      } finally {
        await tail?.stop();
      }
    },
  };
}

function notBuilt(reason: string): DomainError {
  return invalid(`The model has no environment to run in: ${reason}, and none may be built`, {
    field: 'python',
    hint: 'Install what is missing there, or allow that environments are built.',
  });
}

/** Passes a growing file on by lines. */
function followLog(file: string, onLine: (line: string) => void): { stop(): Promise<void> } {
  let at = 0;
  let rest = '';
  let reading: Promise<void> = Promise.resolve();
  async function read(): Promise<void> {
    const handle = await open(file, 'r').catch(() => undefined);
    if (!handle) return;
    try {
      const { size } = await handle.stat();
      // Started anew by the build.
      if (size < at) at = 0;
      const bytes = Buffer.alloc(size - at);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
      at += bytesRead;
      const lines = (rest + bytes.toString('utf8', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    } finally {
      await handle.close();
    }
  }
  const next = (): Promise<void> => (reading = reading.then(read));
  const timer = setInterval(() => void next(), TAIL_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await next();
      if (rest !== '') onLine(rest);
    },
  };
}
