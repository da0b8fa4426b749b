import { isUtf8 } from 'node:buffer';
import { invalid } from '#kernel/errors';
import { parseLongJson } from '#kernel/long-json';

/** Rows as they came: a table with column names, columns by name, or a matrix without names. */
export type ScoringInput =
  | {
      readonly kind: 'table';
      readonly columns: readonly string[] | undefined;
      readonly rows: readonly (readonly unknown[])[];
    }
  | { readonly kind: 'columns'; readonly columns: Readonly<Record<string, unknown>> }
  | { readonly kind: 'matrix'; readonly rows: readonly unknown[] };

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/**
 * Parses the JSON body of MLflow's scoring protocol: exactly one of its four forms; `params` and unknown members are let
 * be. Integers that a double cannot hold are bigints. @throws DomainError INVALID_ARGUMENT
 */
export function parseScoringBody(bytes: Buffer): ScoringInput {
  if (!isUtf8(bytes)) throw invalid('The body is no UTF-8 text', { field: 'body' });
  const body = parseLongJson(bytes.toString('utf8'));
  if (!isRecord(body)) {
    throw invalid(`The body is not a JSON object with one of ${FORMS.join(', ')}`, { field: 'body' });
  }
  const given = FORMS.filter((form) => body[form] !== undefined);
  const [form] = given;
  if (form === undefined || given.length > 1) {
    throw invalid(`The body must hold exactly one of ${FORMS.join(', ')}; it has ${given.join(' and ') || 'none'}`, {
      field: 'body',
    });
  }
  const value = body[form];
  if (form === 'dataframe_split') return parseSplit(value);
  if (form === 'dataframe_records') return parseRecords(value, form);
  if (form === 'inputs' && isRecord(value)) return { kind: 'columns', columns: value };
  if (!Array.isArray(value) || value.length === 0) throw invalid(`${form} is not a list of rows`, { field: form });
  return isRecord(value[0]) ? parseRecords(value, form) : { kind: 'matrix', rows: value };
}

function parseSplit(value: unknown): ScoringInput {
  const at = 'dataframe_split';
  if (!isRecord(value) || !isTable(value['data']))
    throw invalid(`${at}.data is not a list of rows`, { field: `${at}.data` });
  const columns = value['columns'];
  if (columns === undefined) return { kind: 'table', columns: undefined, rows: value['data'] };
  if (!Array.isArray(columns) || columns.some((name) => typeof name === 'object'))
    throw invalid(`${at}.columns is not a list of names`, { field: `${at}.columns` });
  const unequal = value['data'].findIndex((row) => row.length !== columns.length);
  if (unequal >= 0) {
    const { length } = value['data'][unequal] ?? [];
    throw invalid(`${at}.data[${unequal}] has ${length} values; there are ${columns.length} columns`, {
      field: `${at}.data[${unequal}]`,
    });
  }
  return { kind: 'table', columns: columns.map(String), rows: value['data'] };
}

function parseRecords(value: unknown, at: string): ScoringInput {
  if (!Array.isArray(value) || !value.every(isRecord)) throw invalid(`${at} is not a list of records`, { field: at });
  const columns = [...new Set(value.flatMap((record) => Object.keys(record)))];
  return { kind: 'table', columns, rows: value.map((record) => columns.map((name) => record[name])) };
}

function isTable(value: unknown): value is unknown[][] {
  return Array.isArray(value) && value.every(Array.isArray);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
