import fc from 'fast-check';
import type { Operation } from '../programme.ts';
import { experimentOperations, newExperiment } from './experiments.ts';
import { loggedModelOperations, newLoggedModel } from './logged-models.ts';
import { logOperations } from './logging.ts';
import { newRegisteredModel, registryOperations } from './registry.ts';
import { newRun, runOperations } from './runs.ts';
import { twisted } from './twist.ts';

const MOST_OPERATIONS = 60;

const operation = twisted(
  fc.oneof(
    { arbitrary: experimentOperations, weight: 4 },
    { arbitrary: runOperations, weight: 6 },
    { arbitrary: logOperations, weight: 10 },
    { arbitrary: loggedModelOperations, weight: 4 },
    { arbitrary: registryOperations, weight: 6 },
  ),
);

/** What most programmes begin with; shrinking may take it away too. */
const beginning = fc.subarray([newExperiment, newRun, newLoggedModel, newRegisteredModel], { minLength: 0 });

/** Up to 60 calls of tracking and registry. */
export const programmes: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constant([newExperiment, newRun, newRun, newLoggedModel, newRegisteredModel]), weight: 5 },
      { arbitrary: beginning, weight: 1 },
    ),
    fc.array(operation, { minLength: 1, maxLength: MOST_OPERATIONS, size: 'max' }),
  )
  .map(([first, rest]) => [...first, ...rest]);
