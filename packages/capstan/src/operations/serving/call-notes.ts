import type { InferenceAnswer } from './infer.ts';

type Answered = Pick<InferenceAnswer, 'rows' | 'predictionIds'> & {
  readonly parts: readonly { readonly revision: number }[];
};

/** What a log of calls tells of a prediction: who answered how many rows, and the id of the first. */
interface PredictionNotes {
  readonly [note: string]: string | number | null | readonly number[];
  readonly deployment: string;
  readonly revisions: readonly number[];
  readonly rows: number | null;
  readonly predictionId: string | null;
}

const NO_REVISIONS: readonly number[] = [];

/** @param answered null while, or where, there is no answer */
export function predictionNotes(deployment: string, answered: Answered | null): PredictionNotes {
  return {
    deployment,
    revisions: answered?.parts.map(({ revision }) => revision) ?? NO_REVISIONS,
    rows: answered?.rows ?? null,
    predictionId: answered && answered.predictionIds.rows > 0 ? answered.predictionIds.of(0) : null,
  };
}
