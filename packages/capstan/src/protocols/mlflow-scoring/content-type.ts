import { DomainError } from '#kernel/errors';

const TYPES = ['text/csv', 'application/json'] as const;
export type ScoringType = (typeof TYPES)[number];

/**
 * Which of MLflow's content types a body is of; UTF-8 only, and no other parameter than that, as MLflow's server has it.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE
 */
export function scoringType(header: string | string[] | undefined): ScoringType {
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
  const known = TYPES.find((name) => name === type.toLowerCase());
  if (known) return known;
  const instead = type.toLowerCase() === 'application/vnd.apache.parquet' ? ' (Parquet is for Python models)' : '';
  throw refuse(`This model takes the content types ${TYPES.join(' and ')}; got '${written.slice(0, 100)}'${instead}`);
}

function refuse(message: string): DomainError {
  return new DomainError('UNSUPPORTED_MEDIA_TYPE', message);
}
