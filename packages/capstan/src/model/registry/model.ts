// Registered models, versions, aliases and what a verdict is. Pure.
import type { Digest } from '#ports/blob-store';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Stages of old clients, in their canonical spelling. Aliases have replaced them. */
export const stages = ['None', 'Staging', 'Production', 'Archived'] as const;
export type Stage = (typeof stages)[number];

export interface AliasOf {
  readonly alias: string;
  readonly version: number;
}

export interface RegisteredModel {
  readonly name: string;
  readonly description: string | null;
  /** Project of the first version that came from one. */
  readonly project: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly AliasOf[];
  /** The newest version of each stage that has one. */
  readonly latestVersions: readonly ModelVersion[];
}

export interface ModelVersion {
  readonly model: string;
  /** Counts from 1 under a name and is never used again. */
  readonly version: number;
  /** As the client gave it. */
  readonly source: string;
  /** Where its files lie in Capstan; null where they are elsewhere. */
  readonly files: { readonly root: string; readonly path: string } | null;
  /** Where they are elsewhere, when the source does not say so: that of a copy names the version it was made from. */
  readonly filesUri: string | null;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  readonly runLink: string | null;
  readonly description: string | null;
  readonly stage: Stage;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly string[];
}

/** Everything that can happen to a registered model, its versions, tags and aliases. */
export const changeKinds = [
  'model.created',
  'model.renamed',
  'model.deleted',
  'description.set',
  'tag.set',
  'tag.removed',
  'version.created',
  'version.deleted',
  'stage.set',
  'alias.set',
  'alias.removed',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One change, with what was there before and after. */
export interface Change {
  readonly kind: ChangeKind;
  /** Null for the model itself; for a move of an alias the version it points to now, or did last. */
  readonly version: number | null;
  /** The alias or the tag's key; empty for other kinds. */
  readonly key: string;
  /** Name, description, tag value, stage or version number before and after; null for none, or where it is not known. */
  readonly from: string | null;
  readonly to: string | null;
}

/** A change with who made it, when and why. */
export interface HistoryEntry extends Change {
  /** Grows with time over all models. */
  readonly seq: number;
  /** The model's name when it happened. */
  readonly model: string;
  readonly actor: string;
  readonly reason: string | null;
  /** The verdict that allowed it, for a promotion. */
  readonly verdictId: string | null;
  readonly at: number;
  /** Its place in the chain of facts. */
  readonly eventSeq: number;
}

/** One move of an alias; `from` is null where it was new, `to` where it was removed. */
export interface AliasMove {
  /** Grows with time. */
  readonly seq: number;
  readonly alias: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly actor: string;
  readonly reason: string | null;
  /** The verdict that allowed it, for a promotion. */
  readonly verdictId: string | null;
  readonly at: number;
}

/** What a model version consists of, for those who load or serve it. */
export interface ModelFiles {
  /** MLflow's flavor that Capstan would serve: `onnx` where there is one, else `python_function`, else the first. */
  readonly flavor: string;
  readonly flavors: readonly string[];
  /** Paths from the model's own folder. */
  readonly files: readonly { readonly path: string; readonly digest: Digest; readonly sizeBytes: number }[];
  /** Digest of the ONNX file, of a model that is one. */
  readonly onnx?: Digest;
  /** Inputs and outputs as the MLmodel file has them (JSON text each), or null where it has none. */
  readonly signature: { readonly inputs: string | null; readonly outputs: string | null } | null;
  readonly runId: string | null;
}

/** One named check of a gate and how it came out. `unknown` blocks as `fail` does. */
export interface VerdictCheck {
  readonly check: string;
  readonly status: 'pass' | 'fail' | 'unknown';
  /** What was measured, and the limit it was held against. */
  readonly value: number | null;
  readonly limit: number | null;
  /** How many examples it rests on. */
  readonly n: number;
  readonly interval?: readonly [number, number] | undefined;
  readonly reason: string;
}

/** A gate's answer about one version: whether it may take traffic, and why. */
export interface Verdict {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly checks: readonly VerdictCheck[];
  readonly evaluation: { readonly datasetVersionId: string };
  readonly at: number;
}

/** Why a verdict does not allow to promote this version, or undefined when it does. */
export function refusalOf(verdict: Verdict, model: string, version: number): string | undefined {
  if (verdict.model !== model || verdict.version !== version) {
    return `The verdict ${verdict.id} is about ${verdict.model}/${verdict.version}, not ${model}/${version}`;
  }
  const open = verdict.checks.filter((check) => check.status !== 'pass');
  if (verdict.status === 'pass' && open.length === 0) return undefined;
  const reasons = open.map((check) => `${check.check} ${check.status}: ${check.reason}`);
  return `The verdict ${verdict.id} on ${model}/${version} is ${verdict.status}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`;
}

/** The stage of that name in any case, or undefined. */
export function stageOf(name: string): Stage | undefined {
  return stages.find((stage) => stage.toLowerCase() === name.toLowerCase());
}

/** MLflow keeps prompts as registered models whose tag says so. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';
export const PROMPT_TEXT_TAG = 'mlflow.prompt.text';

export function isPromptTag({ key, value }: KeyValue): boolean {
  return key === PROMPT_TAG && value.toLowerCase() === 'true';
}

/** Of tags given together, the last of each key counts. */
export function lastOfEachKey(tags: readonly KeyValue[]): KeyValue[] {
  return [...new Map(tags.map((tag) => [tag.key, tag])).values()];
}
