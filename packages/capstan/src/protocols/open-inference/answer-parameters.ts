import type { AnsweredPart, InferenceAnswer } from '#operations/serving';

/**
 * What an answer says beside its tensors: an id for each row, by which outcomes are sent, and which revision answered by
 * which route: one value, or one for each row where they differ.
 */
export function answerParameters(answer: InferenceAnswer) {
  return {
    prediction_ids: answer.predictionIds,
    revision: byRow(answer, (part) => part.revision),
    route: byRow(answer, (part) => part.role),
  };
}

/** The version that an answer names: the revision of its first rows; 0 for the baseline's constant. */
export function answeringVersion({ parts }: InferenceAnswer): string {
  return String(parts[0]?.revision ?? 0);
}

function byRow<Value>({ parts, rows }: InferenceAnswer, valueOf: (part: AnsweredPart) => Value): Value | Value[] {
  const [first, ...others] = parts;
  if (first && others.length === 0) return valueOf(first);
  const values: Value[] = Array.from({ length: rows });
  for (const part of parts) for (const row of part.rows ?? []) values[row] = valueOf(part);
  return values;
}
