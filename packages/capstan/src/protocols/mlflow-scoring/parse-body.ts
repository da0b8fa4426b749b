import { invalid, messageOf } from '#kernel/errors';

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
 * be. @throws DomainError INVALID_ARGUMENT
 */
export function parseScoringBody(bytes: Buffer): ScoringInput {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid(`Failed to parse input from JSON: ${messageOf(cause)}`, { field: 'body', cause });
  }
  if (!isRecord(body)) throw invalid('The body is not a JSON object', { field: 'body' });
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
  if (!Array.isArray(columns)) throw invalid(`${at}.columns is not a list of names`, { field: `${at}.columns` });
  return { kind: 'table', columns: columns.map(String), rows: value['data'] };
}

function parseRecords(value: unknown, at: string): ScoringInput {
  if (!Array.isArray(value) || !value.every(isRecord)) throw invalid(`${at} is not a list of records`, { field: at });
  const columns: Record<string, unknown[]> = Object.create(null) as Record<string, unknown[]>;
  for (const name of new Set(value.flatMap((record) => Object.keys(record))))
    columns[name] = value.map((record) => record[name]);
  return { kind: 'columns', columns };
}

function isTable(value: unknown): value is unknown[][] {
  return Array.isArray(value) && value.every(Array.isArray);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
