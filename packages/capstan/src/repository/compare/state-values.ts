import { extname, posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { readValuesText, selectValue, type Values } from '#protocols/dvc';
import { pathInside, type Repository } from '../open.ts';
import { shownIn } from '../revisions/state.ts';
import type { Tracked } from '../revisions/tracked.ts';
import { filesAt, readStateFile } from './state-files.ts';

/** What a file of values holds in a state, or why that is not known. */
export type FileValues = { readonly value: ParamValue } | { readonly error: DomainError };

/** By path, relative to the root. */
export type StateValues = ReadonlyMap<string, FileValues>;

export interface ParamsOptions {
  /** Paths of the caller: these files and no others, whole. */
  readonly targets?: readonly string[];
  /** Only what stages depend on. */
  readonly isDepsOnly?: boolean;
}

/**
 * Parameters of a state: what stages depend on and use, params.yaml of the root, and files that dvc.yaml names to be shown.
 * @throws DomainError INVALID_ARGUMENT for a target outside the repository
 */
export async function paramsOf(
  repository: Repository,
  tracked: Tracked,
  { targets = [], isDepsOnly = false }: ParamsOptions = {},
): Promise<StateValues> {
  const files = new Map<string, string[] | null>();
  const add = (file: string, keys: readonly string[] | null): void => {
    const before = files.get(file);
    files.set(file, before === null || keys === null ? null : [...(before ?? []), ...keys]);
  };
  for (const target of targets) add(pathInside(repository, target), null);
  if (targets.length === 0) {
    for (const { folder, definition } of tracked.pipelines) {
      for (const { file, keys, outside } of definition.stages.flatMap((stage) => stage.params)) {
        if (outside === undefined) add(posix.join(folder, file), keys);
      }
      if (!isDepsOnly) for (const { file } of definition.params) add(posix.join(folder, file), null);
    }
    if (!isDepsOnly && (await tracked.state.read(DEFAULT_FILE))) add(DEFAULT_FILE, null);
  }
  const values = new Map<string, FileValues>();
  for (const [path, keys] of files) {
    for (const file of await filesAt(repository, tracked, path)) {
      values.set(file, await valuesOf(repository, tracked, file, (value) => chosen(value, keys)));
    }
  }
  if (targets.length === 0) await addUsed(repository, tracked, values);
  return values;
}

const DEFAULT_FILE = 'params.yaml';

/** @param keys dotted; null for all there is */
function chosen(value: ParamValue, keys: readonly string[] | null): ParamValue {
  if (keys === null) return value;
  let picked: ParamValue = new Map();
  for (const key of new Set(keys)) {
    const found = selectValue(value, key);
    if (found !== undefined) picked = merged(picked, nested(value, key.split('.'), found));
  }
  return picked;
}

/** The value with nothing around it but the names that lead to it. */
function nested(around: ParamValue, [step, ...rest]: readonly string[], value: ParamValue): ParamValue {
  if (step === undefined) return value;
  const below = selectValue(around, step) ?? null;
  return Array.isArray(around) ? [nested(below, rest, value)] : new Map([[step, nested(below, rest, value)]]);
}

function merged(a: ParamValue, b: ParamValue): ParamValue {
  if (!(a instanceof Map) || !(b instanceof Map)) return b;
  const all = new Map<ParamKey, ParamValue>(a as Values);
  for (const [key, value] of b as Values) all.set(key, all.has(key) ? merged(all.get(key) ?? null, value) : value);
  return all;
}

/** Values of files under `vars` that stages use, where nothing else shows the file. */
async function addUsed(repository: Repository, tracked: Tracked, values: Map<string, FileValues>): Promise<void> {
  const used = new Map<string, Map<ParamKey, ParamValue>>();
  const contents = new Map<string, ParamValue>();
  for (const { folder, uses } of tracked.pipelines) {
    for (const { key, value, files } of uses) {
      if (typeof value === 'object' && value !== null) continue;
      for (const written of files) {
        const file = posix.join(folder, written);
        if (values.has(file)) continue;
        const content = contents.get(file) ?? (await contentOf(repository, tracked, file));
        contents.set(file, content);
        if (selectValue(content, key) === undefined) continue;
        used.set(file, (used.get(file) ?? new Map<ParamKey, ParamValue>()).set(key, value));
      }
    }
  }
  for (const [file, value] of used) values.set(file, { value });
}

async function contentOf(repository: Repository, tracked: Tracked, file: string): Promise<ParamValue> {
  const found = await valuesOf(repository, tracked, file, (value) => value);
  return 'value' in found ? found.value : null;
}

/**
 * Metrics of a state: the metrics of its stages and the files that dvc.yaml names. Numbers and text; what is neither, nor
 * a map of them, is left out.
 * @param targets paths of the caller: these files and no others
 * @throws DomainError INVALID_ARGUMENT for a target outside the repository
 */
export async function metricsOf(
  repository: Repository,
  tracked: Tracked,
  targets: readonly string[] = [],
): Promise<StateValues> {
  const paths =
    targets.length > 0
      ? targets.map((target) => pathInside(repository, target))
      : [
          ...tracked.outputs.filter(({ kind }) => kind === 'metrics').map(({ path }) => path),
          ...tracked.pipelines.flatMap(({ folder, definition }) =>
            definition.metrics.map(({ file }) => posix.join(folder, file)),
          ),
        ];
  const values = new Map<string, FileValues>();
  for (const path of new Set(paths)) {
    for (const file of await filesAt(repository, tracked, path)) {
      values.set(file, await valuesOf(repository, tracked, file, (value) => measured(value) ?? new Map()));
    }
  }
  return values;
}

function measured(value: ParamValue): ParamValue | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  if (!(value instanceof Map)) return value;
  const kept = [...(value as Values)].flatMap(([key, member]): [ParamKey, ParamValue][] => {
    const found = measured(member);
    return found === undefined || (found instanceof Map && found.size === 0) ? [] : [[key, found]];
  });
  return new Map(kept);
}

async function valuesOf(
  repository: Repository,
  tracked: Tracked,
  file: string,
  pick: (value: ParamValue) => ParamValue,
): Promise<FileValues> {
  try {
    const text = (await readStateFile(repository, tracked, file)).toString('utf8');
    return { value: pick(readValuesText(text, shownIn(tracked.state, file), extname(file))) };
  } catch (error) {
    if (error instanceof DomainError) return { error };
    throw error;
  }
}
