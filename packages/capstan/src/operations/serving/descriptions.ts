import type { ServedFlavor } from '@capstan/api';
import type { TensorSpec } from '#ports/model-runtime';
import { primary, revisionOf } from './infer.ts';
import type { Signature } from './model-signatures.ts';
import { contextSpecs, type ServedState } from './served-state.ts';

/** What a deployment takes and gives. */
export interface Description {
  readonly name: string;
  readonly revisions: readonly number[];
  /** Context columns, then those of the model. */
  readonly inputs: readonly TensorSpec[];
  readonly contextColumns: readonly string[];
  readonly outputs: readonly TensorSpec[];
  /** Of outputs that MLflow's protocol answers as maps from class to probability: see `LoadedModel`. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>;
  readonly flavor: ServedFlavor;
  /** What requests of MLflow's protocol are held to; null where the model says nothing, or looks at it itself. */
  readonly signature: Signature | null;
  /** Whether a request is one row as a whole: the model's tensors have no dimension of rows. */
  readonly isOneRow?: boolean;
}

/** Descriptions are asked for twice by every request, and change when what is served does. */
export interface Descriptions {
  /** Of one revision, or the primary. @throws DomainError NOT_FOUND, UNAVAILABLE */
  of(state: ServedState, revision?: number): Description;
}

export function createDescriptions(): Descriptions {
  const known = new WeakMap<ServedState, Map<number | undefined, Description>>();
  return {
    of(state, revision) {
      let ofState = known.get(state);
      if (!ofState) known.set(state, (ofState = new Map()));
      const found = ofState.get(revision);
      const served = revision === undefined ? primary(state) : revisionOf(state, revision);
      // A Python model may tell its outputs by its first answer.
      if (found?.outputs === served.model.outputs) return found;
      const description = describe(state, served);
      ofState.set(revision, description);
      return description;
    },
  };
}

function describe(state: ServedState, { model, signature, isOneRow }: ReturnType<typeof primary>): Description {
  const context = contextSpecs(state).filter(
    ({ name: column }) => !model.inputs.some((input) => input.name === column),
  );
  return {
    name: state.deployment.name,
    revisions: [...state.revisions.keys()].toSorted((a, b) => a - b),
    inputs: [...context, ...model.inputs],
    contextColumns: context.map((column) => column.name),
    outputs: model.outputs,
    classLabels: model.classLabels ?? {},
    flavor: model.flavor,
    signature,
    isOneRow,
  };
}
