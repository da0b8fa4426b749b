import {
  eventPayloads,
  type EventPayload,
  type InputAdapter,
  type RolloutState,
  type ServedFlavor,
  type ServingSettings,
} from '@capstan/api';
import { digestOf } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import type { Transitions } from '#kernel/state-machine';

/** The life of a rollout. A held one goes on in the stage it was held in. */
export const rolloutTransitions: Transitions<RolloutState> = {
  shadow: ['canary', 'full', 'held', 'rolled-back'],
  canary: ['canary', 'full', 'held', 'rolled-back'],
  full: ['promoted', 'held', 'rolled-back'],
  held: ['shadow', 'canary', 'full', 'rolled-back'],
  promoted: [],
  'rolled-back': [],
};

/** What a revision is made of. Never changed: another threshold or another unit conversion is another revision. */
export interface RevisionContent {
  /** Left out for ONNX, as in revisions from before there were other flavors: equal content has equal digests. */
  readonly flavor?: Exclude<ServedFlavor, 'onnx'>;
  readonly model: string;
  readonly version: number;
  readonly modelDigest: `sha256:${string}`;
  readonly threshold: number;
  /** By input column; applied before the model sees the value. */
  readonly inputAdapters: Readonly<Record<string, InputAdapter>>;
  /** How its model runs; left out where nothing is set, as in revisions from before there were such settings. */
  readonly serving?: ServingSettings;
}

/** Identity of what is served: equal digests answer equally. */
export function revisionDigest(content: RevisionContent): string {
  return `sha256:${digestOf(content)}`;
}

/** @throws DomainError INVALID_ARGUMENT for a threshold that is no probability or an adapter that loses its column */
export function checkRevision(content: RevisionContent): void {
  if (!(content.threshold >= 0 && content.threshold <= 1)) {
    throw invalid(`A threshold of ${content.threshold} is no probability`, { field: 'threshold' });
  }
  for (const [column, { multiply, add }] of Object.entries(content.inputAdapters)) {
    if (!Number.isFinite(multiply) || !Number.isFinite(add) || multiply === 0) {
      throw invalid(`The adapter of '${column}' would make every value ${multiply === 0 ? 'equal' : 'no number'}`, {
        field: `inputAdapters.${column}`,
        hint: 'value × multiply + add: multiply must be a number other than 0.',
      });
    }
  }
}

/** The project of a deployment that none declares, where a row must have one. */
export const NO_PROJECT = '';

/** What a fact says of its project: nothing where there is none. */
export function inProject(project: string): { readonly project?: string } {
  return project === NO_PROJECT ? {} : { project };
}

/** The payload of a `rollout.ended` fact. */
export function deploymentEnd(payload: unknown): EventPayload<'rollout.ended'> {
  return eventPayloads['rollout.ended'].parse(payload);
}
