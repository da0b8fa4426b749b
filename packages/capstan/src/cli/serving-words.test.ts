import { expect, test } from 'vitest';
import { readServingWords } from './serving-words.ts';

test('words are read with their units; an empty value takes a setting back', () => {
  const words = [
    'max_batch_size=256',
    'dynamic_batching.preferred_batch_size=64,128',
    'dynamic_batching.max_queue_delay=2ms',
    'instance_group.memory=2GiB',
    'timeout.max=',
  ];
  expect(readServingWords(words)).toEqual({
    maxBatchSize: 256,
    preferredBatchSizes: [64, 128],
    maxQueueDelayMs: 2,
    workerMemoryBytes: 2 * 2 ** 30,
    maxTimeoutMs: null,
  });
});

test.each([
  ['max_bach_size=2', 'no such setting', "Did you mean 'max_batch_size'?"],
  ['max_queue_delay=2ms', 'no such setting', "Did you mean 'dynamic_batching.max_queue_delay'?"],
  ['colour=blue', 'no such setting', 'There are: max_batch_size, '],
  ['max_batch_size', 'it has no value', 'Write max_batch_size=VALUE'],
  ['max_batch_size=many', 'expected number', 'For example max_batch_size=256.'],
  ['max_batch_size=0', '>=1', 'For example max_batch_size=256.'],
  ['timeout.default=5', 'write a number and its unit', 'For example timeout.default=500ms.'],
  ['dynamic_batching.max_queue_delay=2h', 'at most 60s', 'For example dynamic_batching.max_queue_delay=2ms.'],
])('%s is refused: %s', (word, message, hint) => {
  const name = word.split('=', 1)[0];
  expect(() => readServingWords([word])).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      field: `serving.${name}`,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});
