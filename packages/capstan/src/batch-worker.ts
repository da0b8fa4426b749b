// The composition root of a batch prediction's process: config → analytics, runtimes → the work that its folder asks for.
// It has neither database nor server, so it outlives both.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { reportText, workInFolder } from '#operations/batch-predictions';
import { openOnnxFolder } from '#ports/onnx-package';
import type { Config } from './config.ts';
import { pythonRuntime, type PythonConfig } from './wiring/python-runtime.ts';

type WorkerConfig = PythonConfig & Pick<Config, 'modelWorkers' | 'modelMemory'>;

/** Of a batch of rows, which may be a slow model's. */
const REQUEST_MS = 1_800_000;
/** One reads rows while another writes answers. */
const SCANS = 3;

interface Surroundings {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Text for the log of the job, as it is. */
  write(text: string): void;
}

/**
 * Does the work in a folder, and reports how far it is. Returns whether it is done; what it failed by is reported, too.
 * @throws the signal's reason
 */
export async function runBatchWorker(
  config: WorkerConfig,
  folder: string,
  { signal, log, write }: Surroundings,
): Promise<boolean> {
  const onnx = createRuntimeOnnx();
  const python = pythonRuntime(config, folder, log, { requestMs: REQUEST_MS });
  return await workInFolder(folder, {
    analytics: createAnalyticsDuckdb({ temporaryFolder: join(folder, 'spill'), concurrency: SCANS }),
    async load(flavor, path) {
      const isFolder = flavor === 'onnx' && (await stat(path)).isDirectory();
      const { file, options } = isFolder ? await openOnnxFolder(path) : { file: path, options: {} };
      return await (flavor === 'onnx' ? onnx : python).load(file, {
        ...options,
        workers: config.modelWorkers,
        maxMemoryBytes: config.modelMemory,
        onProgress: (line) => log.info(line),
        onLog: (line) => log.info(line),
        signal,
      });
    },
    report: (report) => write(reportText(report)),
    signal,
  });
}
