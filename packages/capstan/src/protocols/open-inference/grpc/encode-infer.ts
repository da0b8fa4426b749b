import type { InferenceAnswer } from '#operations/serving';
import { tensorToBytes } from '#ports/tensor-bytes';
import { answeredBy, answeringVersion } from '../answer-parameters.ts';
import { askedOutputs } from '../asked-outputs.ts';
import type { InferCall } from './decode-infer.ts';
import { PREFIX_BYTES } from './framing.ts';
import { WireWriter } from './wire-writer.ts';

/** What names, shapes and parameters of an answer for one row take. */
const SMALL_ANSWER_BYTES = 512;
/** A prediction id with its comma and quotes. */
const ID_BYTES = 40;

/**
 * A ModelInferResponse behind the place for its prefix. Outputs are raw, whatever form the inputs had. The parameters are
 * those of the answer over HTTP; a list of them is a text in JSON, since parameters cannot hold lists here.
 * @throws DomainError UNAVAILABLE when what stands in for the model does not give an output that is asked for
 */
export function encodeAnswer(asked: InferCall, answer: InferenceAnswer): Buffer {
  const names = asked.outputs?.map(({ name }) => name);
  const outputs = askedOutputs(names, answer);
  const contents = outputs.map(({ data }) => tensorToBytes(data));
  const contentBytes = contents.reduce((sum, { length }) => sum + length, 0);
  const writer = new WireWriter(PREFIX_BYTES, SMALL_ANSWER_BYTES + answer.rows * ID_BYTES + contentBytes);
  writer.text(1, asked.model);
  writer.text(2, answeringVersion(answer));
  if (asked.id !== '') writer.text(3, asked.id);
  const parameters = { prediction_ids: answer.predictionIds.json(), ...answeredBy(answer) };
  for (const [name, value] of Object.entries(parameters)) {
    writer.message(4, () => {
      writer.text(1, name);
      writer.message(2, () => {
        if (typeof value === 'number') writer.number(2, value);
        else writer.text(3, typeof value === 'string' ? value : JSON.stringify(value));
      });
    });
  }
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
