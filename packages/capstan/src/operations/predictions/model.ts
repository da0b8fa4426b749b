import { invalid } from '#kernel/errors';
import { exampleOf, type LoggedColumn, type LoggedPart, type LoggedRequest } from '#ports/prediction-log';

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
  readonly part: LoggedPart;
  readonly eventTime: number;
  readonly probability: number | null;
  /** Positive on the first row of a part only. */
  readonly partRows: number;
}

/** The rows of a record in order, part after part. @throws DomainError INVALID_ARGUMENT when its columns do not fit together */
export function rowsOf(record: LoggedRequest): LoggedRow[] {
  const { rows, examples, eventTimes, parts } = record;
  if (examples !== null && examples.length !== rows) throw misfit(record, 'examples');
  if (eventTimes !== null && eventTimes.length !== rows) throw misfit(record, 'eventTimes');
  for (const column of record.inputs ?? []) checkColumn(record, column, rows);
  const found: LoggedRow[] = [];
  for (const part of parts) {
    const count = part.rows?.length ?? rows;
    if (part.probabilities !== null && part.probabilities.length !== count) throw misfit(record, 'probabilities');
    for (let index = 0; index < count; index++) {
      const row = part.rows?.[index] ?? index;
      const exampleId = row < rows ? exampleOf(record, row) : undefined;
      if (exampleId === undefined) throw misfit(record, `row ${row}`);
      found.push({
        exampleId,
        part,
        eventTime: eventTimes?.[row] ?? record.at,
        probability: part.probabilities?.[index] ?? null,
        partRows: index === 0 ? count : 0,
      });
    }
  }
  return found;
}

function checkColumn(record: LoggedRequest, { name, width, data }: LoggedColumn, rows: number): void {
  if (data !== null && data.length !== rows * width) throw misfit(record, `the input ${name}`);
}

function misfit(record: LoggedRequest, what: string) {
  return invalid(`The record of request ${record.request} does not fit together: ${what}`, { field: 'segment' });
}

/** The example id in either form that senders of outcomes have: the prediction id of an answer, or the id itself. */
export function exampleIdOf(deployment: string, id: string): string {
  return id.startsWith(`${deployment}:`) ? id.slice(deployment.length + 1) : id;
}
