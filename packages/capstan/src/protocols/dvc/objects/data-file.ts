import type { ParamValue } from '#kernel/pipeline-definition';
import { dataFileText } from './data-file-text.ts';
import { isContentDigest, type HashScheme } from './object-place.ts';
import { Place } from '../text/place.ts';
import type { Values } from '../text/value-files.ts';
import { readLongYaml } from '../text/yaml-text.ts';

/** What is known of the content of a file or folder. */
interface RecordedContent {
  /** Relative to the working directory of its file. */
  readonly path: string;
  /** `md5-dos2unix` for entries without `hash: md5`, which DVC 2 wrote. */
  readonly scheme: HashScheme;
  readonly sizeBytes?: number;
  /** Number of files, for a folder. */
  readonly fileCount?: number;
}

/** The file or folder that a `.dvc` file stands for. */
export interface DataOutput extends RecordedContent {
  /** Ends in `.dir` for a folder; undefined for an import that has not been downloaded. */
  readonly md5: string | undefined;
  readonly isExecutable?: true;
  /** False: meant for Git; its hash is recorded all the same. */
  readonly isCached: boolean;
  readonly isPersistent: boolean;
  /** False: never goes to a remote. */
  readonly isPushed: boolean;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
  /** Its versions are the storage's own (`cloud`, `files`): a remote with `version_aware` or `worktree`. */
  readonly isCloudVersioned?: true;
}

/** Where an import came from. */
export interface DataDependency extends RecordedContent {
  readonly md5?: string;
  readonly etag?: string;
  readonly checksum?: string;
  readonly repo?: SourceRepository;
  /** It is the result of a database query (`dvc import-db`) and has no path. */
  readonly isQuery?: true;
}

/** The DVC or Git repository that `dvc import` took data from. */
export interface SourceRepository {
  readonly url: string;
  /** Branch, tag or commit that was asked for. */
  readonly rev?: string;
  /** The commit that it was. */
  readonly revLock?: string;
  /** Path of a config file, or its options as JSON text. */
  readonly config?: string;
  /** Name of a remote, or its options as JSON text. */
  readonly remote?: string;
}

/** A `.dvc` file: data that `dvc add` or an import tracks. */
export interface DataFile {
  readonly outputs: readonly DataOutput[];
  /** Empty for data that was added. */
  readonly dependencies: readonly DataDependency[];
  readonly isFrozen: boolean;
  /** Relative to the file's folder; `.` for that folder. */
  readonly workingDirectory: string;
  readonly description?: string;
  /** Of imports: over the file's own content, without notes and sizes. */
  readonly md5?: string;
}

const KEYS = ['md5', 'wdir', 'deps', 'outs', 'locked', 'frozen', 'meta', 'always_changed', 'desc'];
const CONTENT_KEYS = ['md5', 'etag', 'checksum', 'size', 'nfiles', 'isexec', 'version_id', 'path', 'cloud', 'hash'];
const SHARED_KEYS = [...CONTENT_KEYS, 'persist', 'files', 'fs_config'];
const OUTPUT_KEYS = [...SHARED_KEYS, 'desc', 'type', 'labels', 'meta', 'cache', 'remote', 'push'];
const DEPENDENCY_KEYS = [...SHARED_KEYS, 'repo', 'db'];
const REPO_KEYS = ['url', 'rev', 'rev_lock', 'config', 'remote'];

/**
 * Reads a `.dvc` file.
 * @param name for messages, usually the file's path
 * @throws DomainError INVALID_ARGUMENT naming `name:line:column`, with the nearest key for one that is unknown
 */
export function readDataFile(text: string, name: string): DataFile {
  const yaml = readLongYaml(text, name, 'as text');
  const place = new Place(yaml);
  const top = place.asMap(place.value);
  if (top.has('cmd')) {
    throw place.at('cmd').error('a command belongs into dvc.yaml since DVC 3', 'Move the stage to dvc.yaml.');
  }
  place.refuseUnknownKeys(top, KEYS);
  const flag = (key: string) => isSet(top.get(key)) && place.at(key).asFlag(top.get(key));
  const description = optionalText(top, 'desc', place);
  const md5 = optionalText(top, 'md5', place);
  return {
    outputs: entriesOf(top, 'outs', place).map(([entry, at]) => outputOf(entry, at)),
    dependencies: entriesOf(top, 'deps', place).map(([entry, at]) => dependencyOf(entry, at)),
    isFrozen: flag('frozen') || flag('locked'),
    workingDirectory: optionalText(top, 'wdir', place) ?? '.',
    ...(description !== undefined && { description }),
    ...(md5 !== undefined && { md5 }),
  };
}

/**
 * Text of a `.dvc` file, keys in DVC's order. The `md5` of imports is computed, once it is known what was taken.
 * @param before the file as it was: its comments, notes and all that `DataFile` does not hold are kept
 */
export function writeDataFile(file: DataFile, before?: string): string {
  return dataFileText(file, before);
}

function entriesOf(top: Values, key: string, place: Place): [Values, Place][] {
  if (!isSet(top.get(key))) return [];
  const list = place.at(key);
  return list.asList(top.get(key)).map((item, index) => [list.at(index).asMap(item), list.at(index)]);
}

function outputOf(entry: Values, place: Place): DataOutput {
  place.refuseUnknownKeys(entry, OUTPUT_KEYS);
  const flag = (key: string, otherwise: boolean) =>
    isSet(entry.get(key)) ? place.at(key).asFlag(entry.get(key)) : otherwise;
  const remote = optionalText(entry, 'remote', place);
  return {
    ...contentOf(entry, place, requiredPath(entry, place)),
    md5: digestOf(entry, place),
    isCached: flag('cache', true),
    isPersistent: flag('persist', false),
    isPushed: flag('push', true),
    ...(flag('isexec', false) && { isExecutable: true as const }),
    ...(remote !== undefined && { remote }),
    ...((entry.has('cloud') || entry.has('files')) && { isCloudVersioned: true as const }),
  };
}

function dependencyOf(entry: Values, place: Place): DataDependency {
  place.refuseUnknownKeys(entry, DEPENDENCY_KEYS);
  const isQuery = isSet(entry.get('db'));
  const md5 = digestOf(entry, place);
  const etag = optionalText(entry, 'etag', place);
  const checksum = optionalText(entry, 'checksum', place);
  return {
    ...contentOf(entry, place, isQuery ? '' : requiredPath(entry, place)),
    ...(md5 !== undefined && { md5 }),
    ...(etag !== undefined && { etag }),
    ...(checksum !== undefined && { checksum }),
    ...(isSet(entry.get('repo')) && { repo: repositoryOf(entry, place.at('repo')) }),
    ...(isQuery && { isQuery }),
  };
}

function contentOf(entry: Values, place: Place, path: string): RecordedContent {
  const sizeBytes = optionalCount(entry, 'size', place);
  const fileCount = optionalCount(entry, 'nfiles', place);
  return {
    path,
    scheme: schemeOf(entry, place),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(fileCount !== undefined && { fileCount }),
  };
}

function schemeOf(entry: Values, place: Place): HashScheme {
  const hash = optionalText(entry, 'hash', place);
  if (hash === undefined) return 'md5-dos2unix';
  if (hash === 'md5') return 'md5';
  throw place.at('hash').error(`'${hash}' is no hash that DVC 3 writes`, 'It writes md5.');
}

/** The hash becomes a path in the cache, so nothing else may pass for one. */
function digestOf(entry: Values, place: Place): string | undefined {
  const written = entry.get('md5');
  if (!isSet(written) || written === '') return undefined;
  // Unquoted digits are read as a number.
  const md5 = (typeof written === 'bigint' ? String(written) : place.at('md5').asText(written)).toLowerCase();
  if (isContentDigest(md5)) return md5;
  throw place.at('md5').error('it is no MD5: 32 hexadecimal digits, with .dir behind for a folder');
}

function repositoryOf(entry: Values, place: Place): SourceRepository {
  const repo = place.asMap(entry.get('repo'));
  place.refuseUnknownKeys(repo, REPO_KEYS);
  const rev = optionalText(repo, 'rev', place);
  const revLock = optionalText(repo, 'rev_lock', place);
  const config = textOrOptions(repo, 'config', place);
  const remote = textOrOptions(repo, 'remote', place);
  return {
    url: place.at('url').asText(repo.get('url')),
    ...(rev !== undefined && { rev }),
    ...(revLock !== undefined && { revLock }),
    ...(config !== undefined && { config }),
    ...(remote !== undefined && { remote }),
  };
}

function textOrOptions(map: Values, key: string, place: Place): string | undefined {
  const value = map.get(key);
  if (!(value instanceof Map)) return optionalText(map, key, place);
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Map) return Object.fromEntries(member as ReadonlyMap<string, unknown>) as unknown;
    return typeof member === 'bigint' ? Number(member) : member;
  });
}

function requiredPath(entry: Values, place: Place): string {
  if (!entry.has('path')) throw place.error('the entry has no path');
  const path = place.at('path').asText(entry.get('path'));
  if (path === '' || path.includes('\0')) throw place.at('path').error('the path is empty');
  return path;
}

function optionalText(map: Values, key: string, place: Place): string | undefined {
  const value = map.get(key);
  return isSet(value) ? place.at(key).asText(value) : undefined;
}

function optionalCount(map: Values, key: string, place: Place): number | undefined {
  const value = map.get(key);
  if (!isSet(value)) return undefined;
  if (typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw place.at(key).error(`'${key}' must be a whole number of at least 0`);
}

function isSet(value: ParamValue | undefined): value is Exclude<ParamValue, null> {
  return value !== undefined && value !== null;
}
