import { invalid } from '#kernel/errors';

/** Extensions that change what a request means: an answer without heed of them would be a wrong one. */
const REFUSED: Readonly<Record<string, string>> = {
  shared_memory_region: 'Send the data in the request.',
  shared_memory_offset: 'Send the data in the request.',
  shared_memory_byte_size: 'Send the data in the request.',
  classification: 'Ask for the output itself, and pick the largest values of it.',
  sequence_id: 'Models here keep nothing from one request to the next.',
  sequence_start: 'Models here keep nothing from one request to the next.',
  sequence_end: 'Models here keep nothing from one request to the next.',
};

/**
 * Parameters that are not known are let be, as the protocol wants.
 * @param whose the tensor's name, or `the request`
 * @throws DomainError INVALID_ARGUMENT for those of extensions that change the meaning and are not offered
 */
export function refuseExtensions(parameters: Readonly<Record<string, unknown>>, whose: string): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!Object.hasOwn(REFUSED, name) || isLeftOut(value)) continue;
    throw invalid(`${whose} asks for ${name}, which this server does not offer`, {
      field: `parameters.${name}`,
      hint: REFUSED[name] ?? '',
    });
  }
}

/** As clients write a parameter that they do not use. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === 0 || value === 0n || value === '';
}
