import { z } from 'zod';
import { invalid } from '#kernel/errors';
import { TENSOR_DATATYPES } from '#ports/model-runtime';
import type { Frame } from './frames.ts';

const datatype = z.enum(TENSOR_DATATYPES);
const spec = z.object({
  name: z.string(),
  datatype,
  shape: z.array(z.number().int()),
  isOptional: z.boolean().optional(),
});

/** The first frame of a worker that has loaded its model. */
export const hello = z.object({
  kind: z.literal('hello'),
  protocol: z.literal(1),
  pid: z.number(),
  python: z.string(),
  mlflow: z.string(),
  inputs: z.array(spec),
  /** Null until the first answer shows them. */
  outputs: z.array(spec).nullable(),
  /** Whether rows get together what they get alone. */
  isBatchable: z.boolean(),
});
export type Hello = z.output<typeof hello>;

const failed = z.object({ kind: z.literal('failed'), message: z.string() });

/** @throws DomainError INVALID_ARGUMENT with the reason when the frame says that the model cannot be loaded */
export function readHello({ header }: Frame): Hello {
  const failure = failed.safeParse(header);
  if (failure.success) {
    throw invalid(`The model cannot be loaded: ${failure.data.message}`, {
      field: 'modelFile',
      hint: 'mlflow.pyfunc.load_model(FOLDER) in the same environment shows the same.',
    });
  }
  return hello.parse(header);
}

/** The first answer of each kind, checked: a model could write to the socket, too. */
export const answerHeader = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tensors'), tensors: z.array(spec) }),
  z.object({
    kind: z.literal('answers'),
    answers: z.array(
      z.object({ status: z.number().int(), contentType: z.string(), rows: z.number().int().nonnegative() }),
    ),
  }),
  z.object({
    kind: z.literal('error'),
    blame: z.enum(['input', 'model', 'rows']),
    input: z.string().optional(),
    message: z.string(),
  }),
]);
export type AnswerHeader = z.output<typeof answerHeader>;
