import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalid, messageOf } from '#kernel/errors';
import { parseLocatedYaml } from '#kernel/located-yaml';
import { readRequirements, REQUIREMENTS_FILE } from '#ports/python-requirements';
import { pinsOf } from './uv-lock.ts';

/** What a model asks of the Python that it runs in. */
export interface PythonNeeds {
  /** As it was logged, e.g. 3.11.7; undefined where the model does not say. */
  readonly version: string | undefined;
  /** requirements.txt and what it includes, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The file that they are from, for messages. */
  readonly source: string;
}

const CONSTRAINTS_FILE = 'capstan-uv-lock.txt';
const MAX_FILE_BYTES = 4 << 20;

const flavor = z.looseObject({ python_version: z.string().optional() });
const mlModel = z.looseObject({ flavors: z.looseObject({ python_function: flavor.optional() }) });
const pythonEnv = z.looseObject({ python: z.union([z.string(), z.number()]).optional() });
const condaEnv = z.looseObject({
  dependencies: z.array(z.union([z.string(), z.looseObject({ pip: z.array(z.string()).optional() })])).optional(),
});

/**
 * Reads a folder as MLflow writes it. Requirements come from requirements.txt, else from conda.yaml's part for pip; what
 * a uv.lock pins holds for both. Packages that only conda has are none of pip's: the model must do without.
 * @throws DomainError INVALID_ARGUMENT (modelFile) when it is no such folder, or has no python_function flavor
 */
export async function readPythonNeeds(folder: string): Promise<PythonNeeds> {
  const facts = await stat(folder).catch(() => undefined);
  if (!facts?.isDirectory()) throw notModel(`${folder} is no folder`);
  const text = await readSmall(join(folder, 'MLmodel'));
  if (text === undefined) throw notModel('it has no file MLmodel');
  const model = read('MLmodel', text, mlModel);
  const python = model.flavors.python_function;
  if (!python) {
    throw notModel(`it has no python_function flavor, only ${Object.keys(model.flavors).join(', ')}`);
  }
  const environment = read('python_env.yaml', (await readSmall(join(folder, 'python_env.yaml'))) ?? '{}', pythonEnv);
  const condaText = await readSmall(join(folder, 'conda.yaml'));
  const conda = read('conda.yaml', condaText ?? '{}', condaEnv).dependencies ?? [];
  const condaPython = conda
    .flatMap((line) => (typeof line === 'string' ? [/^python==?(\d[\d.]*)/.exec(line)?.[1]] : []))
    .find((found) => found !== undefined);
  const version = environment.python === undefined ? undefined : String(environment.python);

  const written = await readRequirements(folder);
  const ofConda = conda.flatMap((line) => (typeof line === 'string' ? [] : (line.pip ?? [])));
  if (!written && ofConda.length === 0) {
    throw notModel('it does not say what it requires', 'Log it with mlflow, which writes requirements.txt beside it.');
  }
  const files = written ?? new Map([[REQUIREMENTS_FILE, `${ofConda.join('\n')}\n`]]);
  return {
    version: version ?? python.python_version ?? condaPython,
    files: withPins(sorted(files), await readSmall(join(folder, 'uv.lock'))),
    source: written ? REQUIREMENTS_FILE : 'conda.yaml',
  };
}

/** In one order, so that models which ask for the same share an environment. Options may depend on order: as they are. */
function sorted(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const lines = (files.get(REQUIREMENTS_FILE) ?? '')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  if (files.size > 1 || lines.some((line) => line.startsWith('-') || line.endsWith('\\'))) return files;
  return new Map([[REQUIREMENTS_FILE, `${[...new Set(lines)].toSorted().join('\n')}\n`]]);
}

function withPins(files: ReadonlyMap<string, string>, lock: string | undefined): ReadonlyMap<string, string> {
  const pins = lock === undefined ? [] : pinsOf(lock);
  if (pins.length === 0) return files;
  return new Map([
    [REQUIREMENTS_FILE, `-c ${CONSTRAINTS_FILE}\n${files.get(REQUIREMENTS_FILE) ?? ''}`],
    ...[...files].filter(([name]) => name !== REQUIREMENTS_FILE),
    [CONSTRAINTS_FILE, `${pins.join('\n')}\n`],
  ]);
}

function read<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  try {
    return parseLocatedYaml(file, text, schema).value;
  } catch (cause) {
    throw notModel(messageOf(cause));
  }
}

async function readSmall(file: string): Promise<string | undefined> {
  const facts = await stat(file).catch(() => undefined);
  if (!facts?.isFile()) return undefined;
  if (facts.size > MAX_FILE_BYTES) throw notModel(`${file} is larger than ${MAX_FILE_BYTES} bytes`);
  return await readFile(file, 'utf8');
}

function notModel(reason: string, hint = 'Name a folder as mlflow.pyfunc.save_model writes it.') {
  return invalid(`This is no model of MLflow that Python can serve: ${reason}`, { field: 'modelFile', hint });
}
