// The composition root of a batch prediction's process: config → analytics, runtimes → the work that its folder asks for.
// It has neither database nor server, so it outlives both.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createExecutorLocal } from '#adapters/executor-local';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { createRuntimePython } from '#adapters/runtime-python';
import { workInFolder } from '#operations/batch-predictions';
import { randomIds } from '#ports/ids';
import type { Config } from './config.ts';

type WorkerConfig = Pick<
  Config,
  | 'data'
  | 'python'
  | 'servingPython'
  | 'relaxedPython'
  | 'modelWorkers'
  | 'modelMemory'
  | 'commandEnvironment'
  | 'installerEnvironment'
>;

/** Of a batch of rows, which may be a slow model's. */
const REQUEST_MS = 1_800_000;
/** One reads rows while another writes answers. */
const SCANS = 3;

/** Does the work in a folder. Returns whether it is done; what it failed by lies in the folder else. @throws the signal's reason */
export async function runBatchWorker(
  config: WorkerConfig,
  folder: string,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<boolean> {
  const onnx = createRuntimeOnnx();
  const python = createRuntimePython({
    folder: join(folder, 'python'),
    environments: join(config.data, 'serving', 'python', 'environments'),
    executor: createExecutorLocal(),
    ids: randomIds,
    log,
    pythons: [config.python],
    isRelaxed: config.relaxedPython,
    ...(config.servingPython !== null && { localPython: config.servingPython }),
    commandEnvironment: config.commandEnvironment,
    installerEnvironment: config.installerEnvironment,
    limits: { requestMs: REQUEST_MS },
  });
  return await workInFolder(folder, {
    analytics: createAnalyticsDuckdb({ temporaryFolder: join(folder, 'spill'), concurrency: SCANS }),
    load: (flavor, path) =>
      (flavor === 'onnx' ? onnx : python).load(path, {
        workers: config.modelWorkers,
        maxMemoryBytes: config.modelMemory,
        onProgress: (line) => log.info(line),
        onLog: (line) => log.info(line),
        signal,
      }),
    signal,
  });
}
