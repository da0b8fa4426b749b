import type { AnsweredPart, InferenceAnswer } from '#operations/serving';

/**
 * What an answer says beside its tensors and the ids of its rows: which revision answered by which route, one value, or one
 * for each row where they differ.
 */
export function answeredBy(answer: InferenceAnswer) {
  return {
    revision: byRow(answer, (part) => part.revision),
    route: byRow(answer, (part) => part.role),
  };
}

/** Both, as the parameters of an answer in JSON: `prediction_ids`, by which outcomes are sent, `revision` and `route`. */
export function parametersJson(answer: InferenceAnswer): string {
  const { revision, route } = answeredBy(answer);
  return `{"prediction_ids":${answer.predictionIds.json()},"revision":${JSON.stringify(revision)},"route":${JSON.stringify(route)}}`;
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
