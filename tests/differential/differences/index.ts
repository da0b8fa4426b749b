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
  /** Only the content tells: both refuse, and MLflow has kept a part. */
  readonly showsInEqualAnswers?: true;
  readonly matches: (operation: Operation, expected: Exchange, actual: Exchange) => boolean;
}

export const differences: readonly Difference[] = [...trackingDifferences];

/** The declared difference that two answers show; where several would do, one that says that the content differs. */
export function findDifference(operation: Operation, expected: Exchange, actual: Exchange): Difference | undefined {
  const shown = differences.filter((difference) => difference.matches(operation, expected, actual));
  return shown.find(({ leaves }) => leaves === 'different content') ?? shown[0];
}

/** The one that answers have which are equal. */
export function findHiddenDifference(
  operation: Operation,
  expected: Exchange,
  actual: Exchange,
): Difference | undefined {
  return differences.find(
    (difference) => difference.showsInEqualAnswers && difference.matches(operation, expected, actual),
  );
}
