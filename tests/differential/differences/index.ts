// What Capstan answers otherwise than MLflow, on purpose: read by the test, and printed in docs/reference.
import type { Operation } from '../programme.ts';
import { trackingDifferences } from './tracking.ts';

/** One call and its answer. */
export interface Exchange {
  readonly peer: string;
  readonly status: number;
  readonly text: string;
  /** The body as it was sent. */
  readonly sent: string;
  /** The answer as it compares. */
  readonly body: unknown;
}

export interface Difference {
  /** In kebab-case; what the test counts by. */
  readonly name: string;
  /** The calls it shows in, as the document says it. */
  readonly calls: string;
  readonly mlflow: string;
  readonly capstan: string;
  readonly why: string;
  /** Whether the two hold the same afterwards. */
  readonly leaves: 'same content' | 'different content';
  readonly matches: (operation: Operation, expected: Exchange, actual: Exchange) => boolean;
}

export const differences: readonly Difference[] = [...trackingDifferences];

/** The declared difference that two answers show; the first in the list where several would do. */
export function findDifference(operation: Operation, expected: Exchange, actual: Exchange): Difference | undefined {
  return differences.find((difference) => difference.matches(operation, expected, actual));
}
