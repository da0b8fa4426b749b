import { posix } from 'node:path';
import { invalid } from '#kernel/errors';
import type { ParamOverrides } from '@capstan/api';
import { overrideParams, readValuesText } from '#protocols/dvc';
import { valuesJson } from '../compare/values-json.ts';
import { pathInside, type Repository } from '../open.ts';

const DEFAULT_FILE = 'params.yaml';

/**
 * Writes values into files of parameters; comments and all else of YAML is kept.
 * @param settings each `key=value` or `file:key=value`, the key dotted, the value as YAML has it
 * @returns the values as JSON has them, by file and key
 * @throws DomainError INVALID_ARGUMENT for a key that is not there, or a value of another type; nothing is written then
 */
export async function setParams(repository: Repository, settings: readonly string[]): Promise<ParamOverrides> {
  const overrides: ParamOverrides = {};
  for (const setting of settings) {
    const { file, key, value } = settingOf(repository, setting);
    (overrides[file] ??= {})[key] = value;
  }
  await overrideParams(repository.root, overrides);
  return JSON.parse(valuesJson(overrides)) as ParamOverrides;
}

function settingOf(repository: Repository, setting: string) {
  const equals = setting.indexOf('=');
  const left = setting.slice(0, equals);
  const colon = left.lastIndexOf(':');
  const key = left.slice(colon + 1);
  if (equals < 0 || key === '') {
    throw invalid(`-S takes key=value or file:key=value, not '${setting}'`, { field: '-S' });
  }
  const value = readValuesText(setting.slice(equals + 1), '-S', '.yaml');
  if (value instanceof Map && setting.slice(equals + 1).trim() !== '') {
    throw invalid(`-S sets one value, and '${setting}' is a map of them`, {
      field: '-S',
      hint: 'Set them one by one: -S a.x=1 -S a.y=2.',
    });
  }
  const file = colon < 0 ? DEFAULT_FILE : pathInside(repository, left.slice(0, colon));
  return { file: posix.normalize(file), key, value: value instanceof Map ? null : value };
}
