import type { InferenceAnswer } from '#operations/serving';
import { tensorToBytes } from '#ports/tensor-bytes';
import { answeringVersion, parametersJson } from '../answer-parameters.ts';
import { askedOutputs } from '../asked-outputs.ts';
import type { InferRequest } from '../infer-request.ts';
import { binaryTensorJson, tensorJson } from './tensor-json.ts';

export interface WrittenAnswer {
  readonly body: string | Uint8Array;
  /** Bytes of the JSON, where tensors follow it; undefined where none does. */
  readonly headerLength: number | undefined;
}

/**
 * The body of an inference answer: JSON, and behind it the outputs that were asked for as bytes, in order.
 * @throws DomainError UNAVAILABLE when what stands in for the model does not give an output that is asked for
 */
export function writeAnswer(model: string, asked: InferRequest, answer: InferenceAnswer): WrittenAnswer {
  const outputs = askedOutputs(
    asked.outputs?.map(({ name }) => name),
    answer,
  );
  const buffers: Uint8Array[] = [];
  const tensors = outputs.map((tensor, index) => {
    if (!(asked.outputs?.[index]?.isBinary ?? asked.isBinaryByDefault)) return tensorJson(tensor);
    const bytes = tensorToBytes(tensor.data);
    buffers.push(bytes);
    return binaryTensorJson(tensor, bytes.length);
  });
  const id = asked.id === undefined ? '' : `"id":${JSON.stringify(asked.id)},`;
  const json =
    `{"model_name":${JSON.stringify(model)},"model_version":"${answeringVersion(answer)}",${id}` +
    `"parameters":${parametersJson(answer)},"outputs":[${tensors.join(',')}]}`;
  if (buffers.length === 0) return { body: json, headerLength: undefined };
  const header = Buffer.from(json);
  return { body: Buffer.concat([header, ...buffers]), headerLength: header.length };
}
