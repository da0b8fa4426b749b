import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { invalid, messageOf } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { readPython } from './python-values.ts';
import { readToml } from './toml-values.ts';
import { readYaml } from './yaml-text.ts';

/** Maps of values, as in params.yaml. */
export type Values = ReadonlyMap<ParamKey, ParamValue>;

/**
 * Reads a file of values: JSON, TOML or Python by its suffix, else YAML. An empty file is an empty map.
 * @param shownAs name for messages
 * @throws DomainError INVALID_ARGUMENT when it is absent, not readable or no map
 */
export async function readValues(path: string, shownAs: string): Promise<Values> {
  return readValuesOf(await readText(path, shownAs), shownAs);
}

/**
 * The same of a file’s text.
 * @param shownAs name for messages, whose suffix decides
 * @throws DomainError INVALID_ARGUMENT when it is not readable or no map
 */
export function readValuesOf(text: string, shownAs: string): Values {
  const value = readValuesText(text, shownAs, extname(shownAs));
  if (value instanceof Map) return value as Values;
  throw invalid(`${shownAs} must be a map of names to values`, { field: shownAs });
}

/**
 * Whatever a file of values holds: a map, or one value alone.
 * @param suffix of the file's name, with the dot
 * @throws DomainError INVALID_ARGUMENT when it is not readable
 */
export function readValuesText(text: string, shownAs: string, suffix: string): ParamValue {
  switch (suffix.toLowerCase()) {
    case '.json':
      return readJson(text, shownAs);
    case '.toml':
      return readToml(text, shownAs);
    case '.py':
      return readPython(text, shownAs);
    default:
      return readYaml(text, shownAs).value;
  }
}

/** @throws DomainError INVALID_ARGUMENT when there is no such file */
export async function readText(path: string, shownAs: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(`${shownAs} cannot be read: ${messageOf(cause)}`, { field: shownAs, cause });
  }
}

/** Reads JSON with whole numbers and floats kept apart and no digit lost. */
export function readJson(text: string, shownAs: string): ParamValue {
  try {
    const reviver: Reviver = (_key, value, context) => {
      const named = context.source === undefined ? undefined : OUTSIDE_JSON.get(context.source);
      if (named !== undefined) return named.value;
      if (typeof value === 'number' && /^-?\d+$/.test(context.source ?? '')) return BigInt(context.source ?? '0');
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
      return value;
    };
    // Nothing is an empty map to DVC, as in YAML.
    return parseJson(text, reviver) ?? new Map();
  } catch (cause) {
    throw invalid(`${shownAs} is not JSON: ${messageOf(cause)}`, { field: shownAs, cause });
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** Python's writer puts these bare words into JSON: by a number that nobody writes instead. */
const OUTSIDE_JSON = new Map([
  ['1e99991', { word: 'NaN', value: Number.NaN }],
  ['1e99992', { word: 'Infinity', value: Number.POSITIVE_INFINITY }],
  ['-1e99992', { word: '-Infinity', value: Number.NEGATIVE_INFINITY }],
]);
const TEXT_OR_WORD = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

function parseJson(text: string, reviver: Reviver): ParamValue {
  const parse = (written: string): ParamValue =>
    JSON.parse(written, reviver as (key: string, value: unknown) => unknown) as ParamValue;
  try {
    return parse(text);
  } catch (error) {
    const written = text.replaceAll(TEXT_OR_WORD, (found) => {
      const number = [...OUTSIDE_JSON].find(([, { word }]) => word === found);
      return number ? number[0] : found;
    });
    // What is wrong is told in the words of the file.
    if (written === text) throw error;
    return parse(written);
  }
}

/** What a dotted key leads to: names of maps and indexes of lists. Undefined when it leads nowhere. */
export function selectValue(values: ParamValue, key: string): ParamValue | undefined {
  let here: ParamValue | undefined = values;
  for (const step of key.split('.')) {
    if (here instanceof Map) here = memberOf(here as Values, step);
    else if (Array.isArray(here) && /^-?\d+$/.test(step)) here = (here as readonly ParamValue[]).at(Number(step));
    else return undefined;
  }
  return here;
}

function memberOf(map: Values, name: string): ParamValue | undefined {
  if (map.has(name)) return map.get(name);
  for (const [key, value] of map) {
    if (typeof key !== 'string' && String(key) === name) return value;
  }
  return undefined;
}

/** Names a value's type as a reader of YAML would. */
export function typeName(value: ParamValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'a map';
    case 'string':
      return 'text';
    case 'bigint':
      return 'a whole number';
    case 'number':
      return 'a number';
    default:
      return 'true or false';
  }
}
