import { invalid } from '#kernel/errors';
import { nestedJson, scalarsJson, type Description, type InferenceAnswer } from '#operations/serving';
import type { Tensor } from '#ports/model-runtime';

type Described = Pick<Description, 'name' | 'classLabels' | 'isOneRow'>;

/**
 * `{"predictions": [{"id", "revision", "outputs": {name: value}}]}`, one for each row; revision 0 is the baseline's
 * constant. Several values a row are lists, or maps from class to value where the model names its classes.
 * @throws DomainError INVALID_ARGUMENT for a model whose outputs are not by rows
 */
export function answersJson(answer: InferenceAnswer, description: Described): string {
  return `{"predictions":[${rowAnswers(answer, description).join(',')}]}`;
}

/** The same row by row: `{"id", "revision", "outputs"}`. @throws as `answersJson` */
export function rowAnswers(
  answer: InferenceAnswer,
  { name: deployment, classLabels, isOneRow = false }: Described,
): string[] {
  const columns = answer.outputs.map((given) => {
    const output = isOneRow ? { ...given, shape: [1, ...given.shape] } : given;
    if (output.shape[0] !== answer.rows) {
      throw invalid(`The output '${output.name}' of ${deployment} has no value for each row`, {
        field: output.name,
        hint: `Ask by /v2/models/${encodeURIComponent(deployment)}/infer.`,
      });
    }
    return { key: JSON.stringify(output.name), values: rowsOf(output, classLabels[output.name]) };
  });
  const revisions = revisionsOf(answer);
  return answer.predictionIds.all().map((id, row) => {
    const outputs = columns.map(({ key, values }) => `${key}:${values[row]}`);
    return `{"id":${JSON.stringify(id)},"revision":${revisions[row]},"outputs":{${outputs.join(',')}}}`;
  });
}

function rowsOf(output: Tensor, labels: readonly string[] | undefined): string[] {
  const scalars = scalarsJson(output);
  const [rows = 0, ...inner] = output.shape;
  const width = inner.reduce((product, size) => product * size, 1);
  const shape = width === 1 ? [] : inner;
  return Array.from({ length: rows }, (_, row) => {
    const values = scalars.slice(row * width, (row + 1) * width);
    return labels === undefined
      ? nestedJson(values, shape)
      : `{${labels.map((label, index) => `${JSON.stringify(label)}:${values[index]}`).join(',')}}`;
  });
}

function revisionsOf({ parts, rows }: InferenceAnswer): number[] {
  const revisions = Array.from({ length: rows }, () => 0);
  for (const part of parts) {
    if (part.rows === null) revisions.fill(part.revision);
    else for (const row of part.rows) revisions[row] = part.revision;
  }
  return revisions;
}
