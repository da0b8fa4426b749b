import { bytesIn } from '#kernel/byte-size';
import { invalid } from '#kernel/errors';

/** Words of `capstan predict`. */
export interface PredictOptions {
  readonly dataset?: string;
  readonly input?: string;
  readonly output?: string;
  readonly project?: string;
  readonly revision?: number;
  readonly model?: string;
  readonly version?: number;
  readonly alias?: string;
  readonly sql?: string;
  readonly columns?: readonly string[];
  readonly keep?: string;
  readonly onError?: 'fail' | 'null';
  readonly to?: string;
  readonly executor?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memory?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** `all`, `key`, or names. */
export function keptColumns(text: string): 'all' | 'key' | string[] {
  return text === 'all' || text === 'key' ? text : namesIn(text);
}

/** `X=a,b` words. @throws DomainError INVALID_ARGUMENT */
export function columnsByInput(words: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(words.map(columnsOf));
}

/** What is asked of an executor's machine; undefined for nothing. @throws DomainError INVALID_ARGUMENT */
export function resourcesIn({ cpus, gpus, memory }: PredictOptions) {
  if (cpus === undefined && gpus === undefined && memory === undefined) return undefined;
  const memoryBytes = memory === undefined ? undefined : bytesIn(memory);
  if (memory !== undefined && memoryBytes === undefined)
    throw invalid(`'${memory}' is no amount of memory`, { field: '--memory', hint: 'As 500MB or 8GiB.' });
  return {
    ...(cpus !== undefined && { cpus }),
    ...(gpus !== undefined && { gpus }),
    ...(memoryBytes !== undefined && { memoryBytes }),
  };
}

function columnsOf(text: string): [string, string[]] {
  const equals = text.indexOf('=');
  const names = namesIn(text.slice(equals + 1));
  if (equals > 0 && names.length > 0) return [text.slice(0, equals), names];
  throw invalid(`--columns takes an input of the model and its columns, not '${text}'`, {
    field: '--columns',
    hint: 'As X=length,width.',
  });
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
