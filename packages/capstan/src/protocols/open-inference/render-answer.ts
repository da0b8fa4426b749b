import { invalid } from '#kernel/errors';
import type { AnsweredPart, InferenceAnswer } from '#operations/serving';
import { tensorJson } from './tensor-json.ts';

export interface Asked {
  readonly model: string;
  readonly id: string | undefined;
  readonly outputs: readonly string[] | undefined;
}

/**
 * The body of an inference answer. `parameters` carries an id for each row, by which outcomes are sent, and which
 * revision answered by which route: one value, or one for each row where they differ.
 * @throws DomainError INVALID_ARGUMENT when an output is asked for that the model does not have
 */
export function renderAnswer(asked: Asked, answer: InferenceAnswer): string {
  const outputs = asked.outputs === undefined ? answer.outputs : asked.outputs.map((name) => outputOf(name, answer));
  const [first] = answer.parts;
  const parameters = {
    prediction_ids: answer.predictionIds,
    revision: byRow(answer, (part) => part.revision),
    route: byRow(answer, (part) => part.role),
  };
  return [
    `{"model_name":${JSON.stringify(asked.model)},"model_version":"${first?.revision ?? 0}",`,
    asked.id === undefined ? '' : `"id":${JSON.stringify(asked.id)},`,
    `"parameters":${JSON.stringify(parameters)},"outputs":[${outputs.map(tensorJson).join(',')}]}`,
  ].join('');
}

function outputOf(name: string, answer: InferenceAnswer) {
  const found = answer.outputs.find((output) => output.name === name);
  if (found) return found;
  const known = answer.outputs.map((output) => output.name).join(', ');
  throw invalid(`The model has no output '${name}' (it has ${known})`, { field: 'outputs' });
}

function byRow<Value>({ parts, rows }: InferenceAnswer, valueOf: (part: AnsweredPart) => Value): Value | Value[] {
  const [first, ...others] = parts;
  if (first && others.length === 0) return valueOf(first);
  const values: Value[] = Array.from({ length: rows });
  for (const part of parts) for (const row of part.rows ?? []) values[row] = valueOf(part);
  return values;
}
