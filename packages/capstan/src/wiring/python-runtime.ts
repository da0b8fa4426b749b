import { join } from 'node:path';
import type { Logger } from 'pino';
import { createExecutorLocal } from '#adapters/executor-local';
import { createRuntimePython } from '#adapters/runtime-python';
import { randomIds } from '#ports/ids';
import type { Config } from '../config.ts';

export type PythonConfig = Pick<
  Config,
  'data' | 'python' | 'servingPython' | 'relaxedPython' | 'commandEnvironment' | 'installerEnvironment'
>;

/** Python models for one process, which works in a folder of its own; environments are shared by all of an installation. */
export function pythonRuntime(
  config: PythonConfig,
  folder: string,
  log: Logger,
  limits?: Parameters<typeof createRuntimePython>[0]['limits'],
) {
  return createRuntimePython({
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
    ...(limits && { limits }),
  });
}
