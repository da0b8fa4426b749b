import { statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, posix } from 'node:path';
import type { ParamKey, ParamValue, StageInput } from '#kernel/pipeline-definition';
import { findParams, readValues, type LockedPath, type LockedStage, type Values } from '#protocols/dvc';
import { isInCache } from '../cache/is-in-cache.ts';
import { isFolderId, type Content, type FileList, type Hashed, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { hashContent, type HashOptions } from '../tree/content.ts';
import {
  changedParams,
  commandText,
  isReachable,
  sameCommand,
  type StageInputsNow,
  type StageNode,
  type WhyStage,
} from './model.ts';

/** A stage beside what its last run recorded. */
export interface StageState {
  readonly locked: LockedStage | undefined;
  /** Undefined for a frozen stage, whose inputs do not count. */
  readonly now: StageInputsNow | undefined;
  /** Why it is to run; where nothing says so, one reason why not. */
  readonly why: readonly WhyStage[];
}

/** Files of values as they were read, looked at again when they change. */
export type ValuesMemory = Map<string, { readonly version: string; readonly values: Values }>;

/** What is needed to look at stages. */
export interface StageReader {
  readonly repository: Repository;
  readonly values: ValuesMemory;
}

/**
 * Whether a stage has changed, by DVC's rules: its command, what it reads, the values it depends on, what it wrote, and
 * whether the cache still holds that.
 * @throws DomainError INVALID_ARGUMENT naming a file of values that cannot be read, or content that cannot be hashed
 */
export async function stageState(
  reader: StageReader,
  node: StageNode,
  locked: LockedStage | undefined,
): Promise<StageState> {
  const { stage } = node;
  const outputs = await changedOutputs(reader.repository, node, locked);
  const command: WhyStage[] =
    locked && !sameCommand(locked.command, stage.command)
      ? [{ kind: 'command', before: commandText(locked.command), after: commandText(stage.command) }]
      : [];
  if (stage.isFrozen) {
    const why = [...command, ...outputs];
    return { locked, now: undefined, why: why.length > 0 ? why : [{ kind: 'frozen' }] };
  }
  const now = await inputsNow(reader, node, locked);
  const changed = [...command, ...changedInputs(node, locked, now), ...changedValues(node, locked, now)];
  const always: WhyStage[] = stage.isAlwaysRun ? [{ kind: 'always' }] : [];
  const first: WhyStage[] = locked ? [] : [{ kind: 'first-run' }];
  const why = [...always, ...first, ...(locked ? [...changed, ...outputs] : now.missing)];
  return { locked, now, why: why.length > 0 ? why : [{ kind: 'same' }] };
}

/** What a stage reads, as it is now. Hashes that DVC 2 recorded are compared as it took them. */
export async function inputsNow(
  { repository, values }: StageReader,
  node: StageNode,
  locked: LockedStage | undefined,
): Promise<StageInputsNow> {
  const { stage, folder } = node;
  const inputs: LockedPath[] = [];
  const missing: WhyStage[] = [];
  const folders = new Map<string, FileList>();
  const recorded = byPath(locked?.inputs);
  for (const input of stage.inputs) {
    const before = recorded.get(input.path);
    if (!isReachable(input)) {
      if (before) inputs.push(before);
      else missing.push({ kind: 'unknown', subject: input.path });
      continue;
    }
    const hashed = await hashAt(repository, placeOf(folder, input), before, {});
    if (hashed) inputs.push(lockedPath(input.path, hashed.content));
    if (hashed && isFolderId(hashed.content)) folders.set(input.path, hashed.files);
    if (!hashed) missing.push({ kind: 'input', subject: input.path, change: 'deleted' });
  }
  const params = new Map<string, ReadonlyMap<ParamKey, ParamValue>>();
  const whole = join(repository.root, folder);
  const there = stage.params.filter(({ file, path }) => {
    const isThere = statSync(join(whole, file), { throwIfNoEntry: false })?.isFile() === true;
    if (!isThere) missing.push({ kind: 'param', subject: path, change: 'deleted' });
    return isThere;
  });
  const read = (path: string, shownAs: string): Promise<Values> => valuesOf(values, path, posix.join(folder, shownAs));
  for (const found of await findParams(whole, there, read)) {
    params.set(found.path, found.values);
    for (const key of found.missing)
      missing.push({ kind: 'param', subject: `${found.path}:${key}`, change: 'deleted' });
  }
  return { inputs, params, missing, folders };
}

async function valuesOf(memory: ValuesMemory, path: string, shownAs: string): Promise<Values> {
  const stats = statSync(path, { bigint: true });
  const version = `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
  const known = memory.get(path);
  if (known?.version === version) return known.values;
  const values = await readValues(path, shownAs);
  memory.set(path, { version, values });
  return values;
}

function changedInputs({ stage }: StageNode, locked: LockedStage | undefined, now: StageInputsNow): WhyStage[] {
  const recorded = byPath(locked?.inputs);
  const present = byPath(now.inputs);
  return stage.inputs.flatMap(({ path }): WhyStage[] => {
    const [before, after] = [recorded.get(path), present.get(path)];
    if (!after) return now.missing.filter(({ kind, subject }) => kind !== 'param' && subject === path);
    if (!before) return [{ kind: 'input', subject: path, change: 'new' }];
    if (before.md5 === after.md5) return [];
    return [{ kind: 'input', subject: path, change: 'modified', before: shortHash(before), after: shortHash(after) }];
  });
}

function changedValues({ stage }: StageNode, locked: LockedStage | undefined, now: StageInputsNow): WhyStage[] {
  return stage.params.flatMap(({ path, keys }) => {
    const values = now.params.get(path);
    if (!values) return now.missing.filter(({ kind, subject }) => kind === 'param' && subject === path);
    return changedParams(path, keys, locked?.params.get(path), values);
  });
}

async function changedOutputs(
  repository: Repository,
  { stage, folder }: StageNode,
  locked: LockedStage | undefined,
): Promise<WhyStage[]> {
  const recorded = byPath(locked?.outputs);
  const why: WhyStage[] = [];
  for (const output of stage.outputs) {
    const { path: subject, isCached } = output;
    const before = recorded.get(subject);
    const id = idOf(before);
    const hashed = await hashAt(repository, placeOf(folder, output), before, {});
    if (id && isCached && !isInCacheOrDamaged(repository, id, hashed))
      why.push({ kind: 'output', subject, change: 'not in cache' });
    else if (!hashed) why.push({ kind: 'output', subject, change: 'deleted' });
    else if (!before) why.push({ kind: 'output', subject, change: 'new' });
    else if (hashed.content.md5 !== before.md5) why.push({ kind: 'output', subject, change: 'modified' });
  }
  return why;
}

/** A folder's object that cannot be read is as good as none: the stage makes it anew. */
function isInCacheOrDamaged(repository: Repository, id: ObjectId, now: Hashed | undefined): boolean {
  try {
    return isInCache(repository, id, now?.content.md5 === id.md5 ? now.files : undefined);
  } catch {
    return false;
  }
}

/** What an entry of a lock file names in the cache. */
export function idOf(locked: LockedPath | undefined): ObjectId | undefined {
  return locked?.md5 === undefined ? undefined : { md5: locked.md5, scheme: locked.scheme ?? 'md5' };
}

/** Hashed as it was recorded where that is what it is still, else as DVC 3 does. */
export async function hashAt(
  repository: Repository,
  place: string,
  before: LockedPath | undefined,
  options: HashOptions,
): Promise<Hashed | undefined> {
  const [source, path] = isAbsolute(place)
    ? [{ ...repository, root: dirname(place) }, basename(place)]
    : [repository, place];
  if (before?.scheme === 'md5-dos2unix') {
    const old = await hashContent(source, path, { scheme: 'md5-dos2unix' });
    if (old?.content.md5 === before.md5) {
      return options.store ? await hashContent(source, path, { ...options, scheme: 'md5-dos2unix' }) : old;
    }
  }
  return await hashContent(source, path, options);
}

/** Where an input or output is: relative to the root, or absolute. */
export function placeOf(folder: string, { file, outside }: StageInput): string {
  return outside === 'path' && isAbsolute(file) ? file : posix.join(folder, file);
}

export function lockedPath(path: string, content: Content): LockedPath {
  const { md5, scheme, sizeBytes, fileCount, isExecutable } = content;
  return {
    path,
    md5,
    ...(scheme !== 'md5' && { scheme }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(fileCount !== undefined && { fileCount }),
    ...(isExecutable && { isExecutable }),
  };
}

export function byPath(files: readonly LockedPath[] | undefined): ReadonlyMap<string, LockedPath> {
  return new Map(files?.map((file) => [file.path, file]));
}

const shortHash = ({ md5 }: LockedPath): string => md5?.slice(0, 8) ?? 'unknown';
