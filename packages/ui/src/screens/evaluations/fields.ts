import type { EvaluationRecord } from '../../app/replies.ts';

/** Parts of a record whose fields are columns. */
export const parts = ['inputs', 'expectations'] as const;
export type Part = (typeof parts)[number];

/** The fields that records of a dataset ever had, by part, from its schema. */
export function fieldsOf(schema: string | null): Record<Part, readonly string[]> {
  const told = objectOf(schema ?? '');
  return {
    inputs: Object.keys(objectIn(told['inputs'])),
    expectations: Object.keys(objectIn(told['expectations'])),
  };
}

/** A text as it is, anything else as JSON. */
export function plain(json: string | undefined): string {
  if (!json?.startsWith('"')) return json ?? '';
  try {
    return String(JSON.parse(json));
  } catch {
    return json;
  }
}

/** Where a record comes from, in words. */
export function sourceWords({ sourceType, createdBy }: Pick<EvaluationRecord, 'sourceType' | 'createdBy'>): string {
  switch (sourceType) {
    case 'TRACE':
      return 'a trace';
    case 'HUMAN':
      return createdBy === null ? 'a person' : `a person (${createdBy})`;
    case 'DOCUMENT':
      return 'a document';
    case 'CODE':
      return 'code';
    default:
      return '';
  }
}

function objectOf(json: string): Record<string, unknown> {
  try {
    return objectIn(JSON.parse(json));
  } catch {
    return {};
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
