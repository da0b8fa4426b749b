import { hash } from 'node:crypto';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import type { DataDependency, DataFile, DataOutput } from './data-file.ts';
import { pythonJson } from '../text/python-json.ts';
import type { Values } from '../text/value-files.ts';
import { withoutKeys } from '../text/without-keys.ts';
import { changeYaml, readLongYaml, writeYaml } from '../text/yaml-text.ts';

type MutableValues = Map<ParamKey, ParamValue>;
type Entry = readonly [string, ParamValue | undefined];

/** What does not count for the `md5` of an import, at any depth. Seen with dvc 3.67.1. */
const NOT_HASHED = new Set([
  'desc',
  'type',
  'labels',
  'meta',
  'locked',
  'frozen',
  'metric',
  'persist',
  'isexec',
  'size',
  'nfiles',
]);
/** What a storage said of an older content. */
const OF_OLD_CONTENT = ['cloud', 'files', 'version_id'];

/** @see writeDataFile */
export function dataFileText(file: DataFile, before?: string): string {
  const yaml = before === undefined ? undefined : readLongYaml(before, 'the file', 'as text');
  const old = mapOf(yaml?.value);
  const value = fileValue(file, old);
  return yaml && old.size > 0 ? changeYaml(yaml.document, value) : writeYaml(value);
}

function fileValue(file: DataFile, before: Values): Values {
  const entries = (key: string, made: readonly MutableValues[]) =>
    made.length === 0 ? undefined : made.map((entry) => keepingNotes(entry, entryBefore(before, key, entry)));
  const frozen = file.isFrozen || undefined;
  const workingDirectory = file.workingDirectory === '.' ? undefined : file.workingDirectory;
  const value = new Map<ParamKey, ParamValue>();
  const put = (pairs: readonly Entry[]) => {
    for (const [key, member] of pairs) if (member !== undefined) value.set(key, member);
  };
  const hasDigest = file.dependencies.length === 1 && file.outputs.length === 1 && file.dependencies.every(isTaken);
  put([['desc', file.description ?? before.get('desc')]]);
  // Its place in the file; the content is known once all else is.
  if (hasDigest) value.set('md5', '');
  put([
    ['wdir', workingDirectory],
    ['frozen', frozen],
    ['deps', entries('deps', file.dependencies.map(dependencyValue))],
    ['outs', entries('outs', file.outputs.map(outputValue))],
    ['always_changed', before.get('always_changed')],
    ['meta', before.get('meta')],
  ]);
  if (hasDigest) value.set('md5', importDigest(value));
  return value;
}

/** One that was only written down says nothing of what is there, and has no digest. */
function isTaken({ repo, md5, etag, checksum, isQuery }: DataDependency): boolean {
  return isQuery === true || (repo ? repo.revLock : (md5 ?? etag ?? checksum)) !== undefined;
}

function importDigest(value: Values): string {
  const hashed = new Map([...value].filter(([key, member]) => key !== 'md5' && member !== false));
  return hash('md5', pythonJson(withoutKeys(hashed, NOT_HASHED)));
}

function outputValue(output: DataOutput): MutableValues {
  return mapFrom([
    ['md5', output.md5],
    ['size', countOf(output.sizeBytes)],
    ['nfiles', countOf(output.fileCount)],
    ['isexec', output.isExecutable],
    ['hash', output.scheme === 'md5' ? 'md5' : undefined],
    ['path', output.path],
    ['cache', output.isCached ? undefined : false],
    ['persist', output.isPersistent || undefined],
    ['remote', output.remote],
    ['push', output.isPushed ? undefined : false],
  ]);
}

function dependencyValue(dependency: DataDependency): MutableValues {
  const { repo } = dependency;
  if (dependency.isQuery) return new Map();
  if (repo) {
    return mapFrom([
      ['path', dependency.path],
      [
        'repo',
        mapFrom([
          ['url', repo.url],
          ['rev', repo.rev],
          ['rev_lock', repo.revLock],
          ['config', textOrOptions(repo.config)],
          ['remote', textOrOptions(repo.remote)],
        ]),
      ],
    ]);
  }
  return mapFrom([
    ['md5', dependency.md5],
    ['etag', dependency.etag],
    ['checksum', dependency.checksum],
    ['size', countOf(dependency.sizeBytes)],
    ['nfiles', countOf(dependency.fileCount)],
    ['hash', dependency.scheme === 'md5' ? 'md5' : undefined],
    ['path', dependency.path],
  ]);
}

/** The written entry for the same path, if there was one. */
function entryBefore(before: Values, key: string, entry: Values): Values {
  const list = before.get(key);
  const entries = Array.isArray(list) ? (list as readonly ParamValue[]).map(mapOf) : [];
  return entries.find((each) => each.get('path') === entry.get('path')) ?? new Map();
}

/** Adds the keys that `DataFile` does not hold. */
function keepingNotes(entry: MutableValues, before: Values): Values {
  const isOldContent = entry.get('md5') !== before.get('md5');
  for (const [key, member] of before) {
    if (MANAGED.has(String(key)) || (isOldContent && OF_OLD_CONTENT.includes(String(key)))) continue;
    entry.set(key, member);
  }
  return entry;
}

const MANAGED = new Set([
  'md5',
  'etag',
  'checksum',
  'size',
  'nfiles',
  'isexec',
  'hash',
  'path',
  'cache',
  'persist',
  'remote',
  'push',
  'repo',
]);

function textOrOptions(text: string | undefined): ParamValue | undefined {
  return text?.startsWith('{') ? (readLongYaml(text, 'options').value as ParamValue) : text;
}

function countOf(count: number | undefined): bigint | undefined {
  return count === undefined ? undefined : BigInt(count);
}

function mapFrom(pairs: readonly Entry[]): MutableValues {
  return new Map(pairs.filter((pair): pair is readonly [string, ParamValue] => pair[1] !== undefined));
}

function mapOf(value: ParamValue | undefined): Values {
  return value instanceof Map ? (value as Values) : new Map();
}
