import { DomainError } from '#kernel/errors';

/** MLflow's, and what Parquet is called besides. */
const TYPES = {
  'text/csv': 'csv',
  'application/json': 'json',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
} as const;
type ScoringForm = (typeof TYPES)[keyof typeof TYPES];

/**
 * The form of a body by its content type; UTF-8 only, and no other parameter than that, as MLflow's server has it.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE
 */
export function scoringForm(header: string | string[] | undefined): ScoringForm {
  const written = String(header ?? '');
  const [type = '', ...parameters] = written.split(';').map((part) => part.trim());
  const values = new Map<string, string>();
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    if (parameter !== '') values.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ''));
  }
  if ((values.get('charset') ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw refuse('The scoring server only supports UTF-8');
  }
  values.delete('charset');
  if (values.size > 0) throw refuse(`Unrecognized content type parameters: ${[...values.keys()].join(', ')}`);
  const known = Object.entries(TYPES).find(([name]) => name === type.toLowerCase());
  if (known) return known[1];
  throw refuse(`Content types that are taken: ${Object.keys(TYPES).join(', ')}; got '${written.slice(0, 100)}'`);
}

function refuse(message: string): DomainError {
  return new DomainError('UNSUPPORTED_MEDIA_TYPE', message);
}
