import { sha256 } from '#kernel/digest';
import type { ParamKey, ParamTable, ParamValue } from '#kernel/pipeline-definition';
import { isContentDigest, type HashScheme } from '../objects/object-place.ts';
import type { Place } from '../text/place.ts';
import { pythonJson } from '../text/python-json.ts';
import { byCodePoint } from '../text/python-text.ts';
import type { Values } from '../text/value-files.ts';
import { withoutKeys } from '../text/without-keys.ts';

/** What dvc.lock says of a file or folder. */
export interface LockedPath {
  /** As written in dvc.yaml. */
  readonly path: string;
  readonly md5?: string;
  /** Default `md5`; entries that DVC 2 wrote are `md5-dos2unix`. */
  readonly scheme?: HashScheme;
  /** What other storages say of an address. */
  readonly etag?: string;
  readonly checksum?: string;
  readonly sizeBytes?: number;
  readonly fileCount?: number;
  readonly isExecutable?: true;
}

/** What a stage was made from and what it made. */
export interface LockedStage {
  readonly command: string | readonly string[];
  readonly inputs: readonly LockedPath[];
  readonly params: ParamTable;
  readonly outputs: readonly LockedPath[];
}

const DEFAULT_PARAMS = 'params.yaml';
const SIZES = new Set(['size', 'nfiles']);

/**
 * An entry of dvc.lock, schema 2.0: cmd, deps, params, outs in that order, empty ones left out; paths sorted by code
 * point, params.yaml before other files of values.
 */
export function entryValue(entry: LockedStage): Values {
  const value = new Map<ParamKey, ParamValue>([['cmd', entry.command]]);
  if (entry.inputs.length > 0) value.set('deps', entry.inputs.toSorted(byPath).map(pathValue));
  if (entry.params.size > 0) value.set('params', paramsValue(entry.params));
  if (entry.outputs.length > 0) value.set('outs', entry.outputs.toSorted(byPath).map(pathValue));
  return value;
}

/** @throws DomainError INVALID_ARGUMENT naming the place of what is no such entry */
export function readEntry(place: Place, value: ParamValue): LockedStage {
  const entry = place.asMap(value);
  const command = entry.get('cmd');
  const commandPlace = place.at('cmd');
  return {
    command: Array.isArray(command)
      ? (command as readonly ParamValue[]).map((item, index) => commandPlace.at(index).asText(item))
      : commandPlace.asText(command),
    inputs: pathsOf(entry, 'deps', place),
    params: paramsOf(entry, place.at('params')),
    outputs: pathsOf(entry, 'outs', place),
  };
}

/**
 * DVC's key of its run cache: SHA-256 over the entry without sizes, with only the paths of the outputs. Equal keys mean
 * equal command, inputs and parameter values.
 */
export function resultKey(entry: LockedStage): string {
  const value = new Map(entryValue(entry));
  value.set('outs', entry.outputs.map((file) => file.path).toSorted(byCodePoint));
  return sha256(pythonJson(withoutKeys(value, SIZES)));
}

/** The name of an entry among those of one key: SHA-256 over all of it but sizes. */
export function resultValue(entry: LockedStage): string {
  return sha256(pythonJson(withoutKeys(entryValue(entry), SIZES)));
}

function pathValue(entry: LockedPath): ParamValue {
  const pairs: readonly (readonly [string, ParamValue | undefined])[] = [
    ['path', entry.path],
    ['hash', entry.scheme === 'md5-dos2unix' ? undefined : 'md5'],
    ['md5', entry.md5],
    ['etag', entry.etag],
    ['checksum', entry.checksum],
    ['size', entry.sizeBytes === undefined ? undefined : BigInt(entry.sizeBytes)],
    ['nfiles', entry.fileCount === undefined ? undefined : BigInt(entry.fileCount)],
    ['isexec', entry.isExecutable],
  ];
  return new Map(pairs.filter((pair): pair is readonly [string, ParamValue] => pair[1] !== undefined));
}

function pathsOf(entry: Values, key: string, place: Place): LockedPath[] {
  if (!entry.has(key)) return [];
  const list = place.at(key);
  return list.asList(entry.get(key)).map((item, index) => pathOf(list.at(index).asMap(item), list.at(index)));
}

function pathOf(map: Values, place: Place): LockedPath {
  const text = (key: string) => (map.has(key) ? place.at(key).asText(map.get(key)) : undefined);
  const count = (key: string) => {
    const value = map.get(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'bigint' && value >= 0n) return Number(value);
    throw place.at(key).error(`'${key}' must be a whole number of at least 0`);
  };
  const md5 = text('md5');
  // It becomes a path in the cache.
  if (md5 !== undefined && !isContentDigest(md5)) throw place.at('md5').error(`'${md5}' is no MD5`);
  const [etag, checksum, sizeBytes, fileCount] = [text('etag'), text('checksum'), count('size'), count('nfiles')];
  return {
    path: text('path') ?? place.asText(map.get('path')),
    ...(md5 !== undefined && { md5 }),
    ...(!map.has('hash') && { scheme: 'md5-dos2unix' as const }),
    ...(etag !== undefined && { etag }),
    ...(checksum !== undefined && { checksum }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(fileCount !== undefined && { fileCount }),
    ...(map.get('isexec') === true && { isExecutable: true as const }),
  };
}

function paramsOf(entry: Values, place: Place): ParamTable {
  if (!entry.has('params')) return new Map();
  const files = [...place.asMap(entry.get('params'))];
  return new Map(files.map(([file, keys]) => [String(file), place.at(String(file)).asMap(keys)]));
}

function paramsValue(params: ParamTable): ParamValue {
  const files = [...params].toSorted(([a], [b]) => {
    if (a === DEFAULT_PARAMS || b === DEFAULT_PARAMS) return a === b ? 0 : a === DEFAULT_PARAMS ? -1 : 1;
    return byCodePoint(a, b);
  });
  return new Map(files.map(([file, keys]) => [file, new Map([...keys].toSorted(byKey))]));
}

function byPath(a: LockedPath, b: LockedPath): number {
  return byCodePoint(a.path, b.path);
}

function byKey([a]: readonly [ParamKey, ParamValue], [b]: readonly [ParamKey, ParamValue]): number {
  return byCodePoint(String(a), String(b));
}
