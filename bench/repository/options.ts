import { parseArgs } from 'node:util';
import type { BenchOptions } from './peers.ts';

/** `--sources` and `--rounds N`. */
export function benchOptions(): BenchOptions {
  const { values } = parseArgs({
    options: { sources: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } },
  });
  return { sources: values.sources, rounds: Number(values.rounds) };
}
