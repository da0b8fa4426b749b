import { rename, writeFile } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { ParamOverrides, ParamValue } from '#kernel/pipeline-definition';
import { readJson, readText, readValues, selectValue, typeName, type Values } from '../text/value-files.ts';
import { readYaml, setInYaml, writeOptions } from '../text/yaml-text.ts';

/**
 * Writes values into files of values, comments and all else kept in YAML. Each key must be there already and keep its
 * type: a misspelt one would train a model with something else than was asked for.
 * @throws DomainError INVALID_ARGUMENT naming `params.FILE.KEY`; nothing has been written then
 */
export async function overrideParams(folder: string, overrides: ParamOverrides): Promise<void> {
  const changed = new Map<string, ChangedFile>();
  for (const [file, values] of Object.entries(overrides)) changed.set(file, await overridden(folder, file, values));
  for (const [file, { text }] of changed) {
    const path = join(folder, file);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
}

/** Gives the values of a file of the project, by its path there. */
export type ValuesLoader = (file: string) => Promise<Values>;

/**
 * Reads files of values as they will be with the overrides written.
 * @throws DomainError INVALID_ARGUMENT as `overrideParams`
 */
export async function valuesLoader(folder: string, overrides: ParamOverrides): Promise<ValuesLoader> {
  const changed = new Map<string, ChangedFile>();
  for (const [file, values] of Object.entries(overrides)) {
    changed.set(posix.normalize(file), await overridden(folder, file, values));
  }
  return async (file) => changed.get(file)?.values ?? (await readValues(join(folder, file), file));
}

interface ChangedFile {
  readonly text: string;
  readonly values: Values;
}

async function overridden(
  folder: string,
  file: string,
  values: Readonly<Record<string, unknown>>,
): Promise<ChangedFile> {
  if (posix.isAbsolute(file) || posix.normalize(file).startsWith('..')) {
    throw invalid(`'${file}' is not a file of the project`, { field: `params.${file}` });
  }
  const suffix = extname(file).toLowerCase();
  if (suffix === '.toml' || suffix === '.py') {
    throw new DomainError('NOT_IMPLEMENTED', `Values of ${file} cannot be changed for a run yet`, {
      field: `params.${file}`,
      hint: 'Move the value to a YAML or JSON file, or change it in the project.',
    });
  }
  const text = await readText(join(folder, file), file);
  const isJson = suffix === '.json';
  const yaml = isJson ? undefined : readYaml(text, file);
  const before = yaml?.value ?? readJson(text, file);
  let after = before;
  for (const [key, given] of Object.entries(values)) {
    const value = fitting(before, key, given, `params.${file}.${key}`);
    const steps = stepsOf(before, key);
    if (yaml) setInYaml(yaml.document, steps, value);
    after = replaced(after, key.split('.'), value);
  }
  if (!(after instanceof Map)) throw invalid(`${file} must be a map of names to values`, { field: `params.${file}` });
  return { text: yaml ? yaml.document.toString(writeOptions) : `${jsonText(after)}\n`, values: after as Values };
}

/** The value in the type that the file has for it. */
function fitting(values: ParamValue, key: string, given: unknown, field: string): ParamValue {
  const before = selectValue(values, key);
  if (before === undefined) {
    const suggestion = nearest(key, keysOf(values, ''));
    throw invalid(`There is no parameter '${key}'`, {
      field,
      hint: suggestion ? `Did you mean ${suggestion}?` : 'Only values the project declares can be changed for a run.',
    });
  }
  const value = paramValue(given, field);
  if (before === null || value === null || typeName(before) === typeName(value)) return value;
  // 1 for 1.0 and the reverse: what JSON and a command line cannot tell apart.
  if (typeof before === 'number' && typeof value === 'bigint') return Number(value);
  if (typeof before === 'bigint' && typeof value === 'number') return value;
  throw invalid(`'${key}' is ${typeName(before)} and cannot become ${typeName(value)}`, { field });
}

/** JSON has one kind of number: whole ones are taken as whole numbers. */
function paramValue(given: unknown, field: string): ParamValue {
  if (given === null || typeof given === 'string' || typeof given === 'boolean' || typeof given === 'bigint')
    return given;
  if (typeof given === 'number') return Number.isSafeInteger(given) ? BigInt(given) : given;
  if (Array.isArray(given)) return given.map((item: unknown) => paramValue(item, field));
  if (typeof given === 'object') {
    return new Map(Object.entries(given).map(([key, value]) => [key, paramValue(value, field)]));
  }
  throw invalid(`A ${typeof given} cannot be a parameter`, { field });
}

/** The steps of a dotted key as the document's own keys: an index of a list is a number. */
function stepsOf(values: ParamValue, key: string): (string | number)[] {
  let here: ParamValue | undefined = values;
  return key.split('.').map((step) => {
    const isIndex = Array.isArray(here);
    here = here === undefined ? undefined : selectValue(here, step);
    return isIndex ? Number(step) : step;
  });
}

function replaced(values: ParamValue, steps: readonly string[], value: ParamValue): ParamValue {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (Array.isArray(values)) {
    return (values as readonly ParamValue[]).map((item, index) =>
      index === Number(step) ? replaced(item, rest, value) : item,
    );
  }
  if (!(values instanceof Map)) return values;
  return new Map(
    [...(values as Values)].map(([key, item]) => [key, String(key) === step ? replaced(item, rest, value) : item]),
  );
}

function jsonText(value: ParamValue, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly ParamValue[]).map((item) => inner + jsonText(item, inner));
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
  }
  if (value instanceof Map) {
    const members = [...(value as Values)].map(
      ([key, item]) => `${inner}${JSON.stringify(String(key))}: ${jsonText(item, inner)}`,
    );
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
  }
  if (typeof value === 'bigint') return value.toString();
  // A float stays one when it is read again.
  if (typeof value === 'number' && Number.isInteger(value)) return value.toFixed(1);
  return JSON.stringify(value);
}

function keysOf(values: ParamValue, prefix: string): string[] {
  if (!(values instanceof Map)) return [];
  return [...(values as Values)].flatMap(([key, value]) => [
    `${prefix}${String(key)}`,
    ...keysOf(value, `${prefix}${String(key)}.`),
  ]);
}
