// Words of pipelines in a checkout: what is a node of the graph, and why a stage is to run. Pure.
import type { GraphNode } from '#kernel/path-graph';
import type { ParamKey, ParamTable, ParamValue, Stage, StageInput } from '#kernel/pipeline-definition';
import { showValue } from '#kernel/stage-reasons';
import type { LockedPath } from '#protocols/dvc';
import type { FoundDataFile, TrackedData } from '../data/data-files.ts';
import { digestAt, type FileList } from '../model.ts';

/** A stage of some dvc.yaml. Named `FILE:STAGE`, relative to the root. */
export interface StageNode extends GraphNode {
  readonly kind: 'stage';
  /** Relative to the root. */
  readonly file: string;
  /** Folder of that file, `.` for the root. */
  readonly folder: string;
  readonly stage: Stage;
}

/** Data that a `.dvc` file tracks. Named after the file. */
export interface DataNode extends GraphNode {
  readonly kind: 'data';
  readonly file: string;
  readonly found: FoundDataFile;
  readonly outputs: readonly TrackedData[];
}

export type PipelineNode = StageNode | DataNode;

/** What differs, in DVC's words. */
export type Change = 'new' | 'modified' | 'deleted' | 'not in cache';

/** One reason why a stage runs, or does not. */
export interface WhyStage {
  readonly kind:
    | 'first-run'
    | 'always'
    | 'forced'
    | 'command'
    | 'input'
    | 'param'
    | 'output'
    | 'upstream'
    | 'frozen'
    | 'unknown'
    | 'same';
  /** The path, `file:key`, or stage it is about. */
  readonly subject?: string;
  readonly change?: Change;
  readonly before?: string;
  readonly after?: string;
}

/** Reasons that leave a stage as it is. */
export function isReasonToRun({ kind }: WhyStage): boolean {
  return kind !== 'same' && kind !== 'frozen' && kind !== 'unknown';
}

/** A reason as the end of a sentence. */
export function whyText({ kind, subject = '', change, before, after }: WhyStage): string {
  switch (kind) {
    case 'first-run':
      return 'it has not run before';
    case 'always':
      return 'it runs every time';
    case 'forced':
      return 'it was asked for by --force';
    case 'command':
      return `the command changed from ${before} to ${after}`;
    case 'input':
      if (change === 'deleted') return `the input ${subject} is missing`;
      return change === 'new' ? `${subject} is a new input` : `${subject} changed (${before} → ${after})`;
    case 'param':
      if (change === 'deleted') return `the parameter ${subject} is missing`;
      if (change === 'new') return `${subject} is a new parameter (${after})`;
      return `${subject} changed from ${before} to ${after}`;
    case 'output':
      if (change === 'not in cache') return `the cache has lost the output ${subject}`;
      if (change === 'deleted') return `the output ${subject} is missing`;
      return change === 'new' ? `${subject} is a new output` : `the output ${subject} was changed by something else`;
    case 'upstream':
      return `${subject}, which it reads from, is to run`;
    case 'frozen':
      return 'it is frozen';
    case 'unknown':
      return `${subject} lies where it cannot be looked at`;
    case 'same':
      return 'nothing changed';
  }
}

/** Several reasons in one line; the first ones stand for all. */
export function whyLine(why: readonly WhyStage[], most = 3): string {
  const texts = why.slice(0, most).map(whyText);
  return why.length > most ? `${texts.join('; ')}; and ${why.length - most} more` : texts.join('; ');
}

/** What a stage is made from, as it is now. */
export interface StageInputsNow {
  readonly inputs: readonly LockedPath[];
  readonly params: ParamTable;
  /** Inputs and parameters that are not there. */
  readonly missing: readonly WhyStage[];
  /** The files of those that are folders, by path as written. */
  readonly folders: ReadonlyMap<string, FileList>;
}

/** Whether a folder holds all that it held, unchanged, and more. */
export function hasOnlyMore(before: FileList | undefined, after: FileList | undefined): boolean {
  if (!before || !after) return false;
  let at = 0;
  for (const [index, path] of before.paths.entries()) {
    while (at < after.paths.length && after.paths[at] !== path) at++;
    if (at === after.paths.length || digestAt(before.digests, index) !== digestAt(after.digests, at)) return false;
  }
  return true;
}

/** What can be compared: an address elsewhere cannot. */
export const isReachable = ({ outside }: StageInput): boolean => outside === undefined || outside === 'path';

/** Only such a stage may be replaced by a result of the run cache, as DVC decides. */
export function hasStoredResults({ inputs, params, outputs, isAlwaysRun }: Stage): boolean {
  if (isAlwaysRun || inputs.length + params.length === 0 || outputs.length === 0) return false;
  const areInputsHere = inputs.every(({ outside }) => outside === undefined);
  return areInputsHere && outputs.every(({ outside, isPersistent }) => outside === undefined && !isPersistent);
}

/** DVC keeps no result of a stage with a plain output that it does not cache. */
export function isResultKept(stage: Stage): boolean {
  return hasStoredResults(stage) && stage.outputs.every(({ kind, isCached }) => isCached || kind !== 'output');
}

/** How the values that a stage depends on differ from those recorded. `keys` null: the whole file counts. */
export function changedParams(
  file: string,
  keys: readonly string[] | null,
  before: ReadonlyMap<ParamKey, ParamValue> | undefined,
  now: ReadonlyMap<ParamKey, ParamValue>,
): WhyStage[] {
  if (before === undefined && keys === null)
    return [{ kind: 'param', subject: file, change: 'new', after: 'all of it' }];
  const all = keys ?? [...new Set([...now.keys(), ...(before?.keys() ?? [])])];
  return all.flatMap((key): WhyStage[] => {
    const [old, value] = [before?.get(key), now.get(key)];
    const subject = `${file}:${String(key)}`;
    if (value === undefined) {
      return [{ kind: 'param', subject, change: 'deleted', ...(old !== undefined && { before: showValue(old) }) }];
    }
    if (old === undefined) return [{ kind: 'param', subject, change: 'new', after: showValue(value) }];
    if (areEqual(old, value)) return [];
    return [{ kind: 'param', subject, change: 'modified', before: showValue(old), after: showValue(value) }];
  });
}

/** As Python compares: 1, 1.0 and True are equal; maps are whatever their order. */
function areEqual(a: ParamValue, b: ParamValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [one, other] = [a as readonly ParamValue[], b as readonly ParamValue[]];
    return one.length === other.length && one.every((item, index) => areEqual(item, other[index] ?? null));
  }
  if (a instanceof Map && b instanceof Map) {
    const [one, other] = [a as ReadonlyMap<ParamKey, ParamValue>, b as ReadonlyMap<ParamKey, ParamValue>];
    return (
      one.size === other.size &&
      [...one].every(([key, value]) => other.has(key) && areEqual(value, other.get(key) ?? null))
    );
  }
  const isNumber = (value: ParamValue): value is number | bigint | boolean =>
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  if (isNumber(a) && isNumber(b)) return exact(a) === exact(b);
  return a === b;
}

/** One value for each number, however it is held; no digit is lost. */
function exact(value: number | bigint | boolean): number | bigint {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  return BigInt(value);
}

export function commandText(command: string | readonly string[]): string {
  return JSON.stringify(command);
}

export function sameCommand(a: string | readonly string[], b: string | readonly string[]): boolean {
  return typeof a === typeof b && commandText(a) === commandText(b);
}

/** How a stage is called where `here` (relative to the root) is the working directory: as dvc calls it. */
export function addressOf(node: PipelineNode, here: string): string {
  const file = relativePath(here, node.file);
  if (node.kind === 'data') return file;
  return file === 'dvc.yaml' ? node.stage.name : `${file}:${node.stage.name}`;
}

/** `to` as seen from the folder `from`; both relative to the root. */
export function relativePath(from: string, to: string): string {
  const [a, b] = [from === '' || from === '.' ? [] : from.split('/'), to === '' || to === '.' ? [] : to.split('/')];
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return [...a.slice(shared).map(() => '..'), ...b.slice(shared)].join('/') || '.';
}
