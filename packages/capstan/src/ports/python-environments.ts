import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { digestOf, sha256 } from '#kernel/digest';
import { DomainError, messageOf } from '#kernel/errors';
import type { Executor } from './executor.ts';
import type { Ids } from './ids.ts';
import { lastLines } from './log-pieces.ts';
import { holdBuildLock } from './build-lock.ts';
import { BUILD_SCRIPT, PROBE_SCRIPT } from '#kernel/python-environment';
import { holdEnvironment, markDone, markUsed, removeUnused } from './kept-environments.ts';
import { reapLeftover } from './reap-leftover.ts';
import { readRequirements, REQUIREMENTS_FILE } from './python-requirements.ts';

/** What stages of a project run in. */
export interface Environment {
  /** Equal for equal Python, platform and requirements. */
  readonly key: string;
  /** Variables that put its programs first. */
  readonly variables: Readonly<Record<string, string>>;
  /** Every installed package with its version, one a line; undefined where nothing is installed. */
  readonly freezeFile: string | undefined;
}

export interface EnsureOptions {
  readonly signal: AbortSignal;
  /** Program that it is made from, where that is another than usual. */
  readonly python?: string;
  /** Hears of the build's log when there is a build. */
  onBuild?(logFile: string): Promise<void>;
}

/** Python environments by content: built once, shared by every project that asks for the same. */
export interface Environments {
  /**
   * The environment that the folder's requirements.txt asks for; one with Python's own modules only where there is none.
   * Instead of a folder the texts of requirements.txt and of what it includes, by path.
   * @throws DomainError INVALID_ARGUMENT with the last lines of the build when it fails, or when Python cannot be run;
   *   DEADLINE_EXCEEDED when it takes too long; the signal's reason when it is aborted
   */
  ensure(requirements: string | ReadonlyMap<string, string>, options: EnsureOptions): Promise<Environment>;
  /** The same, held against removal by any process that shares the folder until it is released. @throws as `ensure` */
  take(
    requirements: string | ReadonlyMap<string, string>,
    options: EnsureOptions,
  ): Promise<Environment & { release(): void }>;
  /** Removes those that were used longest ago, but for those that are held, until the others hold no more than that. */
  removeUnused(maxBytes: number): Promise<void>;
}

interface EnvironmentsDeps {
  readonly executor: Executor;
  readonly ids: Ids;
  /** Absolute. */
  readonly folder: string;
  /** Program that environments are made from. */
  readonly python: string;
  readonly log: Pick<Logger, 'warn'>;
  /** PATH, HOME and LANG of commands. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** The above with what pip and uv need: indexes, proxies, certificates. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
}

const pythonFacts = z.object({
  version: z.string(),
  implementation: z.string(),
  platform: z.string(),
  executable: z.string(),
});
type PythonFacts = z.output<typeof pythonFacts>;

const BUILD_TIMEOUT_MS = 30 * 60_000;
const PROBE_TIMEOUT_MS = 60_000;
const GRACE_MS = 5_000;
const LOG_LINES = 20;
const FREEZE_FILE = 'freeze.txt';

export function createEnvironments(deps: EnvironmentsDeps): Environments {
  const logs = join(deps.folder, 'logs');
  // The same for every build in this folder, since there is one at a time: so that what a killed server left is found.
  const buildId = `environment-build.${sha256(deps.folder).slice(0, 16)}`;

  async function run(
    attemptId: string,
    script: string,
    spec: { env: Record<string, string>; logFile: string; timeoutMs: number },
    signal: AbortSignal,
  ) {
    const execution = await deps.executor.start({
      attemptId,
      command: script,
      cwd: deps.folder,
      env: { ...deps.installerEnvironment, ...spec.env },
      logFile: spec.logFile,
      timeoutMs: spec.timeoutMs,
      graceMs: GRACE_MS,
    });
    const cancel = () => execution.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    // Before the listener was there the signal may have been aborted.
    if (signal.aborted) cancel();
    const result = await execution.done;
    signal.removeEventListener('abort', cancel);
    signal.throwIfAborted();
    return result;
  }

  /** Not kept: the program behind the name may be another one after an upgrade. */
  async function probe(program: string, signal: AbortSignal): Promise<PythonFacts> {
    const logFile = join(logs, `${deps.ids.next('probe')}.log`);
    try {
      const result = await run(
        deps.ids.next('en'),
        PROBE_SCRIPT,
        { env: { PYTHON: program }, logFile, timeoutMs: PROBE_TIMEOUT_MS },
        signal,
      );
      const text = await readFile(logFile, 'utf8');
      if (result.outcome !== 'succeeded') throw new Error(text.trim() || result.outcome);
      return pythonFacts.parse(JSON.parse(text.trim().split('\n').at(-1) ?? ''));
    } catch (cause) {
      signal.throwIfAborted();
      throw new DomainError('INVALID_ARGUMENT', `The Python '${program}' cannot be used: ${messageOf(cause)}`, {
        field: 'python',
        hint: 'Name another one with --python.',
        cause,
      });
    } finally {
      await rm(logFile, { force: true });
    }
  }

  async function build(
    python: string,
    target: string,
    files: ReadonlyMap<string, string> | undefined,
    logFile: string,
    signal: AbortSignal,
  ): Promise<void> {
    await reapLeftover(deps, buildId);
    await rm(target, { recursive: true, force: true });
    const sources = join(target, 'capstan-requirements');
    for (const [file, text] of files ?? []) {
      await mkdir(join(sources, file, '..'), { recursive: true });
      await writeFile(join(sources, file), text);
    }
    const env = {
      PYTHON: python,
      TARGET: target,
      TOOLS: join(deps.folder, 'tools'),
      ...(files && { REQUIREMENTS: join(sources, REQUIREMENTS_FILE) }),
      FREEZE: join(target, FREEZE_FILE),
    };
    try {
      const result = await run(buildId, BUILD_SCRIPT, { env, logFile, timeoutMs: BUILD_TIMEOUT_MS }, signal);
      if (result.outcome === 'succeeded') return;
      const lines = await lastLines(logFile, LOG_LINES);
      const code = result.outcome === 'timed-out' ? 'DEADLINE_EXCEEDED' : 'INVALID_ARGUMENT';
      throw new DomainError(code, `The Python environment cannot be built:\n${lines.join('\n')}`, {
        field: REQUIREMENTS_FILE,
        hint: `The whole log is ${logFile}`,
      });
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      throw error;
    }
  }

  async function ensure(
    requirements: string | ReadonlyMap<string, string>,
    { signal, onBuild, python: program = deps.python }: EnsureOptions,
  ): Promise<Environment> {
    await mkdir(logs, { recursive: true });
    const python = await probe(program, signal);
    const files = typeof requirements === 'string' ? await readRequirements(requirements) : requirements;
    const facts = { ...python, requirements: files ? Object.fromEntries(files) : null };
    const key = digestOf(facts);
    // Built where it stays: programs of an environment hold its path, so it cannot be moved into place.
    const target = join(deps.folder, key);
    const environment: Environment = {
      key,
      variables: {
        VIRTUAL_ENV: target,
        PATH: [join(target, 'bin'), deps.commandEnvironment['PATH']].filter(Boolean).join(delimiter),
      },
      freezeFile: files && join(target, FREEZE_FILE),
    };
    const isDone = () => markUsed(target);
    if (isDone()) return environment;

    const logFile = join(logs, `${key}.log`);
    await onBuild?.(logFile);
    const note = (text: string) => writeFile(logFile, `${text}\n`, { flag: 'a' });
    const release = await holdBuildLock(
      join(deps.folder, 'build.lock'),
      (holder) => note(`Waiting for ${holder}, which builds another environment`),
      signal,
    );
    try {
      if (isDone()) return environment;
      await writeFile(logFile, '');
      await note(`Building ${target} with Python ${python.version} (${python.executable})`);
      await build(program, target, files, logFile, signal);
      await markDone(target, { key, ...facts });
      return environment;
    } finally {
      release();
    }
  }

  return {
    ensure,
    async take(requirements, options) {
      for (;;) {
        const environment = await ensure(requirements, options);
        const release = holdEnvironment(deps.folder, environment.key);
        // Between the two another process may have removed it; from now on none does.
        if (markUsed(join(deps.folder, environment.key))) return { ...environment, release };
        release();
      }
    },
    removeUnused: (maxBytes) => removeUnused(deps.folder, maxBytes),
  };
}
