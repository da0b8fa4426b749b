import type { StageReason } from '@capstan/api';
import type { LockedFile, LockEntry, ParamKey, ParamValue } from './pipeline-definition.ts';

/** One reason why a stage ran, or did not. `before` and `after` are texts for people. */
export interface Reason {
  readonly kind: StageReason['kind'];
  /** The path, `file:key`, or attempt it is about. */
  readonly subject?: string;
  readonly before?: string;
  readonly after?: string;
}

export type Decision =
  | { readonly use: 'stored'; readonly reasons: readonly Reason[] }
  | { readonly use: 'run'; readonly reasons: readonly Reason[] };

/** What an earlier attempt of the stage left. */
export interface StoredResult {
  readonly entry: LockEntry;
  readonly environmentKey: string;
  readonly attemptId: string;
}

export interface StageState {
  /** As it is now; the outputs have paths only. */
  readonly entry: LockEntry;
  readonly environmentKey: string;
  readonly isAlwaysRun: boolean;
  readonly isFrozen: boolean;
  /** Stage from which on a person asked for a run, whatever is stored. */
  readonly forcedFrom: string | undefined;
  /** An output that is built up over runs: only the latest result may stand in for a run. */
  readonly isIncremental: boolean;
  /** The result with the same key and environment, whenever it was made. */
  readonly same: StoredResult | undefined;
  /** The result that the stage used last. */
  readonly latest: StoredResult | undefined;
}

/**
 * Whether a stage's stored outputs stand for it, by DVC's rule: same command, inputs, parameter values and outputs. The
 * environment counts too, since its packages are inputs we know of. Pure.
 */
export function decide(state: StageState): Decision {
  const { latest, same } = state;
  if (state.isFrozen && latest) return { use: 'stored', reasons: [{ kind: 'frozen', subject: latest.attemptId }] };
  if (state.forcedFrom !== undefined) return { use: 'run', reasons: [{ kind: 'forced', subject: state.forcedFrom }] };
  if (state.isAlwaysRun) return { use: 'run', reasons: [{ kind: 'always' }] };
  const usable = state.isIncremental && same?.attemptId !== latest?.attemptId ? undefined : same;
  if (usable) return { use: 'stored', reasons: [{ kind: 'same', subject: usable.attemptId }] };
  if (!latest) return { use: 'run', reasons: [{ kind: 'first-run' }] };
  const reasons = changesSince(latest, state);
  // Only what is listed now is compared: an input that is no longer listed changes nothing.
  if (reasons.length === 0) return { use: 'stored', reasons: [{ kind: 'same', subject: latest.attemptId }] };
  return { use: 'run', reasons };
}

/** What differs from an earlier result. Empty when the stage has not changed by DVC's rule. */
function changesSince(before: StoredResult, now: { entry: LockEntry; environmentKey: string }): Reason[] {
  const reasons: Reason[] = [];
  const commands = [commandText(before.entry.command), commandText(now.entry.command)] as const;
  if (commands[0] !== commands[1]) reasons.push({ kind: 'command', before: commands[0], after: commands[1] });
  for (const input of now.entry.inputs) {
    const earlier = find(before.entry.inputs, input.path);
    if (earlier?.md5 === input.md5 && earlier.isExecutable === input.isExecutable) continue;
    reasons.push({
      kind: 'input',
      subject: input.path,
      ...(earlier && { before: fileText(earlier) }),
      after: fileText(input),
    });
  }
  for (const [file, values] of now.entry.params) {
    for (const [key, value] of values) {
      const earlier = before.entry.params.get(file)?.get(key);
      const texts = [earlier === undefined ? undefined : showValue(earlier), showValue(value)] as const;
      if (texts[0] === texts[1]) continue;
      reasons.push({
        kind: 'param',
        subject: `${file}:${showKey(key)}`,
        ...(texts[0] !== undefined && { before: texts[0] }),
        after: texts[1],
      });
    }
  }
  for (const output of now.entry.outputs) {
    if (!find(before.entry.outputs, output.path)) reasons.push({ kind: 'output', subject: output.path });
  }
  if (before.environmentKey !== now.environmentKey) {
    reasons.push({
      kind: 'environment',
      before: before.environmentKey.slice(0, 12),
      after: now.environmentKey.slice(0, 12),
    });
  }
  return reasons;
}

/** A reason as a sentence. */
export function reasonText(reason: Reason): string {
  const { subject = '', before, after } = reason;
  switch (reason.kind) {
    case 'first-run':
      return 'it has not run before';
    case 'always':
      return 'it runs every time';
    case 'command':
      return `the command changed from ${before} to ${after}`;
    case 'input':
      return before === undefined ? `${subject} is a new input` : `${subject} changed (${before} → ${after})`;
    case 'param':
      return before === undefined
        ? `${subject} is a new parameter (${after})`
        : `${subject} changed from ${before} to ${after}`;
    case 'output':
      return `${subject} is a new output`;
    case 'environment':
      return `the environment changed (${before} → ${after})`;
    case 'lost-output':
      return `the stored output ${subject} is missing or damaged`;
    case 'lost-model':
      return `the model version ${subject} that it had registered is gone`;
    case 'interrupted':
      return `the attempt before was interrupted: ${subject}`;
    case 'forced':
      return `a run anew from ${subject} on was asked for`;
    case 'frozen':
      return `it is frozen: the outputs of ${subject} are used`;
    case 'same':
      return `nothing changed since ${subject}`;
    case 'forced':
      return 'it was asked for';
    case 'upstream':
      return `${subject}, which it reads from, is to run`;
    case 'unknown':
      return `${subject} lies where it cannot be looked at`;
  }
}

function find(files: readonly LockedFile[], path: string): LockedFile | undefined {
  return files.find((file) => file.path === path);
}

function fileText(file: LockedFile): string {
  return `${file.md5.slice(0, 8)}${file.isExecutable ? ', executable' : ''}`;
}

function commandText(command: string | readonly string[]): string {
  return typeof command === 'string' ? command : JSON.stringify(command);
}

/** A value in one line; floats that are whole keep a point, so that 1 and 1.0 look different. */
export function showValue(value: ParamValue): string {
  if (Array.isArray(value)) return `[${(value as readonly ParamValue[]).map(showValue).join(', ')}]`;
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<ParamKey, ParamValue>)].map(
      ([key, member]) => `${showKey(key)}: ${showValue(member)}`,
    );
    return `{${members.join(', ')}}`;
  }
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
  return typeof value === 'string' ? JSON.stringify(value) : String(value as bigint | boolean | null);
}

function showKey(key: ParamKey): string {
  return String(key);
}
