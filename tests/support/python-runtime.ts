// The runtime of Python models with the clients' Python as it is, and small models written by hand.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExecutorLocal } from '../../packages/capstan/src/adapters/executor-local/index.ts';
import {
  createRuntimePython,
  type RuntimePythonOptions,
} from '../../packages/capstan/src/adapters/runtime-python/index.ts';
import { randomIds } from '../../packages/capstan/src/ports/ids.ts';
import type { ModelRuntime } from '../../packages/capstan/src/ports/model-runtime.ts';
import { findClientPython } from './python.ts';

export interface ClientRuntimeOptions extends Omit<Partial<RuntimePythonOptions>, 'localPython'> {
  /** Null for none. */
  readonly localPython?: string | null;
}

export async function clientRuntime(
  folder: string,
  { localPython, ...options }: ClientRuntimeOptions = {},
): Promise<ModelRuntime> {
  const local = localPython === undefined ? await findClientPython() : localPython;
  return createRuntimePython({
    folder,
    executor: createExecutorLocal(),
    ids: randomIds,
    log: { warn: () => {} },
    commandEnvironment: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' },
    installerEnvironment: { PATH: process.env['PATH'] ?? '', HOME: folder },
    pythons: ['python3'],
    ...(local !== null && { localPython: local }),
    isRelaxed: true,
    canBuild: false,
    ...options,
  });
}

/** Columns of the signature by name and type of MLflow, e.g. `{ text: 'string' }`. */
type Columns = Readonly<Record<string, string>>;

/**
 * A folder as MLflow writes it around a module of Python with `class Model` and its `predict(self, data, params=None)`.
 * Without columns the model has no signature.
 */
export function writeModel(folder: string, code: string, columns?: Columns): string {
  mkdirSync(join(folder, 'code'), { recursive: true });
  writeFileSync(join(folder, 'code', 'the_model.py'), `${code}\n\n\ndef _load_pyfunc(path):\n    return Model()\n`);
  writeFileSync(join(folder, 'requirements.txt'), 'mlflow>=3\n');
  const lines = ['flavors:', '  python_function:', '    loader_module: the_model', '    code: code', '    env: {}'];
  if (columns) {
    const inputs = Object.entries(columns).map(([name, type]) => ({ name, type, required: true }));
    lines.push('signature:', `  inputs: '${JSON.stringify(inputs)}'`, '  outputs: null', '  params: null');
  }
  writeFileSync(join(folder, 'MLmodel'), `${lines.join('\n')}\n`);
  return folder;
}
