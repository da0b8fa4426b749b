// The types of the fields that the records of a dataset have, as MLflow infers them. Pure.
import { writeValue, type AttributeValue } from '#model/traces';
import { isObject, parseJsonText, type JsonObject } from '../json-text.ts';
import type { GivenRecord } from './given-record.ts';

/**
 * The schema with the fields of more records, as JSON text: `{"inputs": {FIELD: TYPE}, "outputs": …, "expectations": …,
 * "version": "1.0"}`. The first type of a field stays; `outputs` is one type where the first ones were no object.
 */
export function extendSchema(known: string | null, records: readonly GivenRecord[]): string | null {
  if (records.length === 0) return known;
  const schema = known === null ? undefined : parseJsonText('schema', known);
  const part = (name: string) => (isObject(schema) ? schema.get(name) : undefined);
  const inputs = fieldsOf(part('inputs'));
  const expectations = fieldsOf(part('expectations'));
  let outputs: AttributeValue = part('outputs') ?? new Map<string, AttributeValue>();
  for (const record of records) {
    addTypes(inputs, record.inputs);
    if (record.expectations) addTypes(expectations, record.expectations);
    outputs = withOutputs(outputs, record.outputs);
  }
  return writeValue(
    new Map<string, AttributeValue>([
      ['inputs', inputs],
      ['outputs', outputs],
      ['expectations', expectations],
      ['version', '1.0'],
    ]),
  );
}

function withOutputs(known: AttributeValue, outputs: AttributeValue | undefined): AttributeValue {
  if (outputs === undefined || outputs === null || !isObject(known)) return known;
  if (!isObject(outputs)) return known.size === 0 ? typeOf(outputs) : known;
  const fields = fieldsOf(known);
  addTypes(fields, outputs);
  return fields;
}

function fieldsOf(value: AttributeValue | undefined): Map<string, AttributeValue> {
  return new Map(isObject(value) ? value : []);
}

function addTypes(fields: Map<string, AttributeValue>, values: JsonObject): void {
  for (const [key, value] of values) if (!fields.has(key)) fields.set(key, typeOf(value));
}

function typeOf(value: AttributeValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return typeof value;
    case 'bigint':
      return 'integer';
    case 'number':
      return 'float';
    default:
      return Array.isArray(value) ? 'array' : 'object';
  }
}
