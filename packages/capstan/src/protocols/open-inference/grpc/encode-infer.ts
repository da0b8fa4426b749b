import { invalid } from '#kernel/errors';
import type { AnsweredPart, InferenceAnswer } from '#operations/serving';
import type { Tensor } from '#ports/model-runtime';
import { tensorToBytes } from '#ports/tensor-bytes';
import { PREFIX_BYTES } from './framing.ts';
import type { InferCall } from './decode-infer.ts';
import { WireWriter } from './wire-writer.ts';

/** What names, shapes and parameters of an answer for one row take. */
const SMALL_ANSWER_BYTES = 512;
/** A prediction id with its comma and quotes. */
const ID_BYTES = 40;

/**
 * A ModelInferResponse behind the place for its prefix. Outputs are raw, whatever form the inputs had. The parameters are
 * those of the answer over HTTP: `revision` and `route` as they are where one answered for all rows; else, as
 * `prediction_ids` always, a text with one for each row as a JSON list, since parameters cannot hold lists here.
 * @throws DomainError INVALID_ARGUMENT when an output is asked for that the model does not have
 */
export function encodeAnswer(asked: InferCall, answer: InferenceAnswer): Buffer {
  const outputs = asked.outputs === undefined ? answer.outputs : asked.outputs.map((name) => outputOf(name, answer));
  const contents = outputs.map(({ data }) => tensorToBytes(data));
  const contentBytes = contents.reduce((sum, { length }) => sum + length, 0);
  const writer = new WireWriter(PREFIX_BYTES, SMALL_ANSWER_BYTES + answer.rows * ID_BYTES + contentBytes);
  const [first] = answer.parts;
  const isSplit = answer.parts.length > 1;
  writer.text(1, asked.model);
  writer.text(2, String(first?.revision ?? 0));
  if (asked.id !== '') writer.text(3, asked.id);
  textParameter(writer, 'prediction_ids', JSON.stringify(answer.predictionIds));
  if (isSplit) textParameter(writer, 'revision', JSON.stringify(byRow(answer, (part) => part.revision)));
  else numberParameter(writer, 'revision', first?.revision ?? 0);
  if (isSplit) textParameter(writer, 'route', JSON.stringify(byRow(answer, (part) => part.role)));
  else textParameter(writer, 'route', first?.role ?? '');
  for (const { name, datatype, shape } of outputs) {
    writer.message(5, () => {
      writer.text(1, name);
      writer.text(2, datatype);
      writer.packed(3, shape);
    });
  }
  for (const bytes of contents) writer.bytes(6, bytes);
  return writer.done();
}

function outputOf(name: string, { outputs }: InferenceAnswer): Tensor {
  const found = outputs.find((output) => output.name === name);
  if (found) return found;
  const known = outputs.map((output) => output.name).join(', ');
  throw invalid(`The model has no output '${name}' (it has ${known})`, { field: 'outputs' });
}

/** An entry of the map of parameters, with an InferParameter that is a text. */
function textParameter(writer: WireWriter, name: string, text: string): void {
  writer.message(4, () => {
    writer.text(1, name);
    writer.message(2, () => writer.text(3, text));
  });
}

function numberParameter(writer: WireWriter, name: string, value: number): void {
  writer.message(4, () => {
    writer.text(1, name);
    writer.message(2, () => writer.number(2, value));
  });
}

function byRow<Value>({ parts, rows }: InferenceAnswer, valueOf: (part: AnsweredPart) => Value): Value[] {
  const values: Value[] = Array.from({ length: rows });
  for (const part of parts) for (const row of part.rows ?? []) values[row] = valueOf(part);
  return values;
}
