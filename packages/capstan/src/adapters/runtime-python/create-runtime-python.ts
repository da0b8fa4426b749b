import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Executor } from '#ports/executor';
import type { Ids } from '#ports/ids';
import type { LoadOptions, LoadedModel, ModelRuntime } from '#ports/model-runtime';
import { createEnvironments } from '#ports/python-environments';
import { loadedModel } from './loaded-model.ts';
import { createModelEnvironments, type PythonSettings } from './model-environments.ts';
import { installProgram } from './program.ts';
import { workerVariables } from './worker-variables.ts';
import { openWorkerPool, type WorkerLimits } from './worker-pool.ts';

export interface RuntimePythonOptions extends PythonSettings {
  /** Absolute; holds the program of workers and their working folders. Of this process alone. */
  readonly folder: string;
  /** Absolute; may be shared by processes. Default: in the folder. */
  readonly environments?: string;
  /** Runs the builds of environments. */
  readonly executor: Executor;
  readonly ids: Ids;
  readonly log: Pick<Logger, 'warn'>;
  /** PATH and LANG of workers. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** The above with what pip and uv need: indexes, proxies, certificates. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
  /** More variables for workers, as CUDA_VISIBLE_DEVICES; nothing else of this process's own reaches them. */
  readonly workerEnvironment?: Readonly<Record<string, string>>;
  /** Another user for workers, which only root can give; it must be able to read models and environments. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
  readonly limits?: Partial<WorkerLimits>;
  /** Larger answers end the worker. Default 256 MiB. */
  readonly maxAnswerBytes?: number;
  /** 0 up to 1; spreads restarts. */
  chance?(): number;
}

const DEFAULT_LIMITS: WorkerLimits = {
  startMs: 180_000,
  requestMs: 60_000,
  overrunMs: 2_000,
  graceMs: 1_000,
  maxMemoryBytes: 4 * 2 ** 30,
  maxCrashes: 5,
};
/** What a process takes before its model is known: that of mlflow with scikit-learn. */
const WORKER_BYTES = 256 * 2 ** 20;
const DEFAULT_MAX_ANSWER_BYTES = 256 << 20;

/**
 * Serves models of MLflow's python_function flavor, each by processes of its own in an environment of its own. A model is
 * code: it can do what its user may do on this machine. It cannot stop this process, answer for another model, see this
 * process's environment, or outlive this process. It is not kept from files of its user or from the network.
 */
export function createRuntimePython(options: RuntimePythonOptions): ModelRuntime {
  const runs = join(options.folder, 'run');
  const environmentsFolder = options.environments ?? join(options.folder, 'environments');
  const environments = createModelEnvironments(
    createEnvironments({
      ...options,
      folder: environmentsFolder,
      python: options.pythons[0] ?? 'python3',
    }),
    options,
  );
  let prepared: Promise<string> | undefined;

  async function prepare(): Promise<string> {
    // What an earlier process left behind; its workers have ended with it.
    await rm(runs, { recursive: true, force: true });
    await mkdir(runs, { recursive: true, mode: 0o711 });
    await mkdir(environmentsFolder, { recursive: true });
    return await installProgram(options.folder);
  }

  async function open(modelFolder: string, load: LoadOptions): Promise<LoadedModel> {
    const environment = await environments.take(modelFolder, load);
    const workers = Math.max(1, load.workers ?? 1);
    try {
      await load.reserve?.(load.expectedBytes ?? workers * WORKER_BYTES);
    } catch (error) {
      environment.release();
      throw error;
    }
    const runFolder = await mkdtemp(join(runs, 'model-'));
    const release = async (): Promise<void> => {
      environment.release();
      await rm(runFolder, { recursive: true, force: true });
    };
    try {
      const limits = { ...DEFAULT_LIMITS, ...options.limits };
      const pool = await openWorkerPool({
        command: {
          python: environment.python,
          program: await (prepared ??= prepare()),
          modelFolder,
          runFolder,
          environment: workerVariables(options.commandEnvironment, environment.variables, options.workerEnvironment),
          maxAnswerBytes: options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES,
          onLine: (line) => load.onLog?.(line),
          ...(options.runAs && { runAs: options.runAs }),
        },
        workers,
        limits: {
          ...limits,
          maxMemoryBytes: load.maxMemoryBytes ?? limits.maxMemoryBytes,
          requestMs: load.requestMs ?? limits.requestMs,
        },
        nextMark: () => options.ids.next('wk'),
        chance: options.chance ?? Math.random,
      });
      const { python, mlflow } = pool.hello;
      return loadedModel(pool, workers, { python, mlflow, key: environment.key }, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  return {
    flavor: 'python_function',
    async load(modelFolder, load = {}) {
      await (prepared ??= prepare());
      return await open(modelFolder, load);
    },
  };
}
