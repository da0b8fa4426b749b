import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import type { LockedFile, LockEntry, ParamKey, ParamTable, ParamValue } from '#model/pipelines';
import { pythonJson } from './python-json.ts';
import { byCodePoint } from './python-text.ts';
import { typeName, type Values } from './value-files.ts';
import { withoutKeys } from './without-keys.ts';
import { readLongYaml, writeYaml } from './yaml-text.ts';

const LOCK_FILE = 'dvc.lock';
const DEFAULT_PARAMS = 'params.yaml';
const SIZES = new Set(['size', 'nfiles']);

/**
 * An entry of dvc.lock, schema 2.0: cmd, deps, params, outs in that order, empty ones left out; paths sorted by code
 * point, params.yaml before other files of values.
 */
export function entryValue(entry: LockEntry): Values {
  const value = new Map<ParamKey, ParamValue>([['cmd', entry.command]]);
  if (entry.inputs.length > 0) value.set('deps', entry.inputs.toSorted(byPath).map(fileValue));
  if (entry.params.size > 0) value.set('params', paramsValue(entry.params));
  if (entry.outputs.length > 0) value.set('outs', entry.outputs.toSorted(byPath).map(fileValue));
  return value;
}

/**
 * DVC's key of its run cache: SHA-256 over the entry without sizes, with only the paths of the outputs. Equal keys mean
 * equal command, inputs and parameter values.
 */
export function resultKey(entry: LockEntry): string {
  const value = new Map(entryValue(entry));
  value.set('outs', entry.outputs.map((file) => file.path).toSorted(byCodePoint));
  return sha256(pythonJson(withoutKeys(value, SIZES)));
}

/** @throws DomainError INVALID_ARGUMENT when the text is no such entry */
export function decodeEntry(text: string): LockEntry {
  const value = mapOf(readLongYaml(text, 'the stored entry').value);
  const command = value.get('cmd');
  return {
    command: Array.isArray(command) ? command.map(textOf) : textOf(command),
    inputs: listOf(value.get('deps')).map(fileOf),
    params: new Map([...mapOf(value.get('params'))].map(([file, keys]) => [String(file), mapOf(keys)])),
    outputs: listOf(value.get('outs')).map(fileOf),
  };
}

export function encodeEntry(entry: LockEntry): string {
  return writeYaml(entryValue(entry));
}

/**
 * Replaces a stage's entry; new ones come last, all else is kept. The file is whole at every moment.
 * @throws DomainError INVALID_ARGUMENT when the file is not a lock file of schema 2.0
 */
export async function writeLock(folder: string, stage: string, entry: LockEntry): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const before = await readLock(path);
  const stages = new Map(mapOf(before.get('stages')));
  stages.set(stage, entryValue(entry));
  const { schema, ...rest } = Object.fromEntries([...before].map(([key, value]) => [String(key), value]));
  const lock = new Map<ParamKey, ParamValue>([
    ['schema', schema ?? '2.0'],
    ...Object.entries(rest),
    ['stages', stages],
  ]);
  await writeFile(`${path}.new`, writeYaml(lock));
  await rename(`${path}.new`, path);
}

async function readLock(path: string): Promise<Values> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return new Map();
  }
  const value = readLongYaml(text, LOCK_FILE).value;
  if (value instanceof Map && (value.size === 0 || value.get('schema') === '2.0')) return value as Values;
  throw invalid('dvc.lock is not of schema 2.0', { field: LOCK_FILE, hint: 'Let dvc 3 write it anew: dvc repro.' });
}

function fileValue(file: LockedFile): ParamValue {
  return new Map<ParamKey, ParamValue>([
    ['path', file.path],
    ['hash', 'md5'],
    ['md5', file.md5],
    ['size', BigInt(file.sizeBytes)],
    ...(file.fileCount === undefined ? [] : [['nfiles', BigInt(file.fileCount)] as const]),
    ...(file.isExecutable ? [['isexec', true] as const] : []),
  ]);
}

function fileOf(value: ParamValue): LockedFile {
  const map = mapOf(value);
  const files = map.get('nfiles');
  return {
    path: textOf(map.get('path')),
    md5: textOf(map.get('md5')),
    sizeBytes: Number(map.get('size')),
    ...(files !== undefined && { fileCount: Number(files) }),
    ...(map.get('isexec') === true && { isExecutable: true as const }),
  };
}

function paramsValue(params: ParamTable): ParamValue {
  const files = [...params].toSorted(([a], [b]) => {
    if (a === DEFAULT_PARAMS || b === DEFAULT_PARAMS) return a === b ? 0 : a === DEFAULT_PARAMS ? -1 : 1;
    return byCodePoint(a, b);
  });
  return new Map(files.map(([file, keys]) => [file, new Map([...keys].toSorted(byKey))]));
}

function byPath(a: LockedFile, b: LockedFile): number {
  return byCodePoint(a.path, b.path);
}

function byKey([a]: readonly [ParamKey, ParamValue], [b]: readonly [ParamKey, ParamValue]): number {
  return byCodePoint(String(a), String(b));
}

/** @throws DomainError INVALID_ARGUMENT for anything that is no text: a lock entry holds text in these places */
function textOf(value: ParamValue | undefined): string {
  if (typeof value === 'string') return value;
  throw invalid(`a lock entry holds ${typeName(value)} where text belongs`, { field: LOCK_FILE });
}

function mapOf(value: ParamValue | undefined): Values {
  return value instanceof Map ? (value as Values) : new Map();
}

function listOf(value: ParamValue | undefined): readonly ParamValue[] {
  return Array.isArray(value) ? (value as readonly ParamValue[]) : [];
}
