// How a change is written down: as a fact of the chain and, with its full values, in the history that is read.
import type { EventPayload, EventType } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { sha256 } from '#kernel/digest';
import { aboutModel, aboutVersion, type RegistryDeps } from './deps.ts';
import { insertChanges } from './history.store.ts';
import type { ModelRow } from './model.store.ts';
import { isPromptModel } from './model.store.ts';
import type { Change, KeyValue } from './model.ts';

type RegistryEvent = Extract<
  EventType,
  `registered-model.${string}` | `model-version.${'created' | 'updated' | 'deleted'}` | `model-alias.${string}`
>;

export interface Recorded<T extends RegistryEvent> {
  readonly model: ModelRow;
  readonly cause: Cause;
  readonly type: T;
  /** The version that the fact is about, where it is about one. */
  readonly version?: number;
  readonly payload: Omit<EventPayload<T>, 'isPrompt'>;
  readonly changes: readonly Change[];
  readonly reason?: string | undefined;
  readonly verdictId?: string | undefined;
  /** Where the caller knows better than the model's tags, since they are of the same call. */
  readonly isPrompt?: boolean;
}

/** Appends the fact and its changes to the history, in the caller's transaction. */
export async function record<T extends RegistryEvent>(
  { events, clock }: RegistryDeps,
  writer: Writer,
  { model, cause, type, version, payload, changes, reason, verdictId, isPrompt }: Recorded<T>,
): Promise<void> {
  const marks = (isPrompt ?? (await isPromptModel(writer, model.id))) ? { isPrompt: true } : {};
  const fact = await events.append(writer, cause, {
    type,
    ...(version === undefined ? aboutModel(model) : aboutVersion(model, version)),
    payload: { ...payload, ...marks } as EventPayload<T>,
  });
  const common = { actor: cause.actor, reason: reason ?? null, verdictId: verdictId ?? null, at: clock.now() };
  await insertChanges(writer, model, changes, { ...common, eventSeq: fact.seq });
}

/** The changes that tags make: each with the value it had. */
export function tagChanges(
  tags: readonly KeyValue[],
  version: number | null,
  before: ReadonlyMap<string, string> = new Map(),
): Change[] {
  return tags.map(({ key, value }) => ({ kind: 'tag.set', version, key, from: before.get(key) ?? null, to: value }));
}

export function descriptionChanges(description: string | null | undefined, version: number | null): Change[] {
  if (!description) return [];
  return [{ kind: 'description.set', version, key: '', from: null, to: description }];
}

const LONGEST_IN_FACTS = 1_000;

/** A text as the chain keeps it: a long one is cut and sealed by its digest, so that the history beside it can be checked. */
export function factText(text: string): string {
  if (text.length <= LONGEST_IN_FACTS) return text;
  return `${text.slice(0, 200).toWellFormed()}… (${text.length} characters, sha256:${sha256(text)})`;
}

export function factValues(tags: readonly KeyValue[]): { values?: Record<string, string> } {
  if (tags.length === 0) return {};
  return { values: Object.fromEntries(tags.map(({ key, value }) => [key, factText(value)])) };
}

/** A description as facts have it, where one was given. */
export function factDescription(description: string | null | undefined): { description?: string } {
  return description ? { description: factText(description) } : {};
}
