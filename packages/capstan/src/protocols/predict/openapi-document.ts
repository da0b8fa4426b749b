import { problem } from '@capstan/api';
import { z } from 'zod';
import type { Description } from '#operations/serving';
import type { TensorSpec } from '#ports/model-runtime';
import { byRow } from './by-row.ts';
import { outputsSchema, rowSchema, type Schema } from './column-schema.ts';
import { exampleRow, exampleTensor, modelInputs } from './example-row.ts';

const MAX_ROWS = 100_000;

/**
 * OpenAPI 3.1 of one deployment: its own API where the model says what it takes, the Open Inference Protocol and MLflow's
 * scoring. `server` is the address it is asked at.
 */
export function deploymentDocument(description: Description, server: string): Schema {
  const { name } = description;
  const path = encodeURIComponent(name);
  const isTyped = modelInputs(description).length > 0;
  return {
    openapi: '3.1.0',
    info: {
      title: name,
      version: String(description.revisions.at(-1) ?? 0),
      description: `What the deployment ${name} takes and gives. The version is its newest revision here.`,
    },
    servers: [{ url: server }],
    paths: {
      ...(isTyped && { [`/models/${path}/predict`]: { post: predict(description) } }),
      ...(isTyped && { [`/v2/models/${path}/infer`]: { post: infer(description) } }),
      [`/models/${path}/invocations`]: { post: invocations(description) },
    },
    components: {
      schemas: {
        ...(isTyped && { Row: rowSchema(byRow(description)), Outputs: outputsSchema(byRow(description)) }),
        Problem: problemSchema(),
      },
    },
  };
}

const ref = (schema: string): Schema => ({ $ref: `#/components/schemas/${schema}` });
const json = (schema: Schema, example?: unknown): Schema => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
});
const object = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});
const list = (items: Schema, limits: Schema = {}): Schema => ({ type: 'array', items, ...limits });

const timeout: Schema = {
  name: 'x-request-timeout-ms',
  in: 'header',
  description: 'How long you wait; what would come later is refused',
  schema: { type: 'number', exclusiveMinimum: 0 },
};

function operation(operationId: string, summary: string, body: Schema, answer: Schema, failure: Schema): Schema {
  return {
    operationId,
    summary,
    parameters: [timeout],
    requestBody: { required: true, content: body },
    responses: {
      200: { description: 'Answered', content: json(answer) },
      400: { description: 'The request is not valid; it names the column', content: failure },
      404: { description: 'No such deployment here', content: failure },
      413: { description: 'The request is too large', content: failure },
      429: { description: 'Too much waits; try again', content: failure },
      503: { description: 'Nothing can answer now; try again', content: failure },
      504: { description: 'It took too long', content: failure },
    },
  };
}

function predict(description: Description): Schema {
  const rows = list(ref('Row'), { minItems: 1, maxItems: MAX_ROWS });
  const body = { anyOf: [{ ...object({ rows }), additionalProperties: false }, ref('Row')] };
  const row = exampleRow(description);
  const prediction = object({
    id: { type: 'string', description: 'By which its outcome is sent' },
    revision: { type: 'integer', minimum: 0, description: '0: the constant of an open breaker' },
    outputs: ref('Outputs'),
  });
  const failure = { 'application/problem+json': { schema: ref('Problem') } };
  const answer = object({ predictions: list(prediction) });
  return operation('predict', 'Rows by column', json(body, row && { rows: [row] }), answer, failure);
}

function infer(description: Description): Schema {
  const inputs = modelInputs(description);
  const tensors = description.inputs.map((spec) => tensorSchema(spec));
  const body = object({
    inputs: list(tensors.length === 1 ? (tensors[0] ?? {}) : { anyOf: tensors }, { minItems: inputs.length }),
  });
  const example = exampleRow(description) && { inputs: inputs.map(exampleTensor) };
  const answer = object(
    {
      model_name: { const: description.name },
      model_version: { type: 'string' },
      id: { type: 'string' },
      parameters: { type: 'object' },
      outputs: list(
        description.outputs.length > 0 ? { anyOf: description.outputs.map(tensorSchema) } : { type: 'object' },
      ),
    },
    ['model_name', 'outputs'],
  );
  const failure = json(object({ error: { type: 'string' } }));
  return operation('infer', 'Tensors, by the Open Inference Protocol v2', json(body, example), answer, failure);
}

function tensorSchema({ name, datatype, shape }: TensorSpec): Schema {
  const sizes = shape.map((size) => (size < 0 ? { type: 'integer', minimum: 1 } : { const: size }));
  return object({
    name: { const: name },
    datatype: { const: datatype },
    shape: { type: 'array', prefixItems: sizes, minItems: sizes.length, maxItems: sizes.length },
    data: list({}, { description: 'Flat, or nested as shape says' }),
  });
}

function invocations(description: Description): Schema {
  const rows = list({ type: 'array' }, { minItems: 1 });
  const body = {
    oneOf: [
      object({ dataframe_split: object({ columns: list({ type: 'string' }), data: rows }, ['data']) }),
      object({ dataframe_records: list({ type: 'object' }, { minItems: 1 }) }),
      object({ inputs: { type: ['array', 'object'] } }),
      object({ instances: { type: 'array', minItems: 1 } }),
    ],
  };
  const row = exampleRow(description);
  const example = row && modelInputs(description).length > 0 ? { dataframe_records: [row] } : undefined;
  const failure = json(object({ error_code: { type: 'string' }, message: { type: 'string' } }));
  return operation(
    'invocations',
    'The forms of MLflow’s scoring protocol',
    json(body, example),
    object({ predictions: {} }),
    failure,
  );
}

function problemSchema(): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(problem, { io: 'output', unrepresentable: 'any' });
  return schema;
}
