import { readServingWord, servingPaths, type ServingChange } from '@capstan/api';
import { z } from 'zod';
import { DomainError, messageOf } from '#kernel/errors';
import { nearest } from '#kernel/nearest';

/**
 * Reads `NAME=VALUE` words about how a model runs; an empty value takes a setting back.
 * @throws DomainError INVALID_ARGUMENT naming the setting, the nearest one, or what its value may be
 */
export function readServingWords(words: readonly string[]): ServingChange {
  return Object.assign({}, ...words.map(readWord)) as ServingChange;
}

function readWord(word: string): ServingChange {
  const [name = '', ...rest] = word.split('=');
  const refuse = (problem: string, hint: string): DomainError =>
    new DomainError('INVALID_ARGUMENT', `--set ${word}: ${problem}`, { field: `serving.${name}`, hint });
  if (!servingPaths.includes(name)) {
    const near = nearest(name, servingPaths) ?? servingPaths.find((path) => path.split('.').at(-1) === name);
    throw refuse('no such setting', near ? `Did you mean '${near}'?` : `There are: ${servingPaths.join(', ')}.`);
  }
  if (rest.length === 0) throw refuse('it has no value', `Write ${name}=VALUE, or ${name}= for the default.`);
  try {
    return readServingWord(name, rest.join('=')) ?? {};
  } catch (error) {
    const reason = error instanceof z.ZodError ? (error.issues[0]?.message ?? '') : messageOf(error);
    throw refuse(reason, `For example ${EXAMPLES.find((example) => example.startsWith(`${name}=`)) ?? name}.`);
  }
}

const EXAMPLES = [
  'max_batch_size=256',
  'dynamic_batching.preferred_batch_size=64,128',
  'dynamic_batching.max_queue_delay=2ms',
  'dynamic_batching.max_queue_size=10000',
  'timeout.default=500ms',
  'timeout.max=5s',
  'instance_group.count=2',
  'instance_group.memory=2GiB',
  'response_cache=64MiB',
  'intra_op_thread_count=2',
  'idle_after=10m',
];

/** For `--help`. */
export const SERVING_WORDS_HELP = `
Settings of --set NAME=VALUE, by Triton's names where it has them; each stays until it is set anew, NAME= takes it back:
${EXAMPLES.map((example) => `  ${example}`).join('\n')}
`;
