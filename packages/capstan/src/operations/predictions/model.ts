import type { PredictionRecord, RecordedPart } from '@capstan/api';
import { invalid } from '#kernel/errors';

export type Label = 0 | 1;

/** Probabilities closer than this to 0 or 1 count as this far off: a log loss stays finite. */
const CLIP = 1e-15;

/** Log loss (natural logarithm) of one probability of the positive class. */
export function logLoss(probability: number, label: Label): number {
  const ofLabel = label === 1 ? probability : 1 - probability;
  return -Math.log(Math.min(1, Math.max(CLIP, ofLabel)));
}

/** One row of one part of a request, before it is numbered. */
export interface LoggedRow {
  readonly exampleId: string;
  readonly part: RecordedPart;
  readonly eventTime: number;
  readonly probability: number | null;
  /** Positive on the first row of a part only. */
  readonly partRows: number;
}

/** The rows of a record in order, part after part. @throws DomainError INVALID_ARGUMENT when its columns do not fit together */
export function rowsOf(record: PredictionRecord): LoggedRow[] {
  const { examples, eventTimes, parts } = record;
  if (eventTimes !== null && eventTimes.length !== examples.length) throw misfit(record, 'eventTimes');
  for (const column of record.inputs ?? []) {
    if (column.data.length !== examples.length * column.width) throw misfit(record, `the input ${column.name}`);
  }
  return parts.flatMap((part) => {
    const indices = part.rows ?? examples.map((_, index) => index);
    if (part.probabilities !== null && part.probabilities.length !== indices.length)
      throw misfit(record, 'probabilities');
    return indices.map((row, index) => {
      const exampleId = examples[row];
      if (exampleId === undefined) throw misfit(record, `row ${row}`);
      return {
        exampleId,
        part,
        eventTime: eventTimes?.[row] ?? record.at,
        probability: part.probabilities?.[index] ?? null,
        partRows: index === 0 ? indices.length : 0,
      };
    });
  });
}

function misfit(record: PredictionRecord, what: string) {
  return invalid(`The record of request ${record.request} does not fit together: ${what}`, { field: 'segment' });
}

/** The example id in either form that senders of outcomes have: the prediction id of an answer, or the id itself. */
export function exampleIdOf(deployment: string, id: string): string {
  return id.startsWith(`${deployment}:`) ? id.slice(deployment.length + 1) : id;
}
