import type { RecordedPart } from '@capstan/api';
import type { LoggedColumn, LoggedPart } from '#ports/prediction-log';
import type { Tensor } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';

/** Tensors as columns of the log; of redacted ones nothing but that they were there. */
export function loggedColumns(tensors: readonly Tensor[], redacted: readonly string[]): LoggedColumn[] {
  return tensors.map(({ name, datatype, shape, data }) => {
    return { name, datatype, width: widthOf(shape), data: redacted.includes(name) ? null : data };
  });
}

/** What a model's failure is called in the log: one line, without what the caller sent. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH);
}

const MAX_ERROR_LENGTH = 300;

export function partOf(
  assignment: Pick<RecordedPart, 'role' | 'share'> & { readonly rows: readonly number[] | null },
  revision: {
    readonly revision: number;
    readonly modelVersion: number;
    readonly threshold: number;
    readonly shift: number;
  },
  result: Pick<LoggedPart, 'probabilities' | 'error' | 'latencyUs'>,
): Omit<LoggedPart, 'outputs'> {
  return {
    role: assignment.role,
    revision: revision.revision,
    modelVersion: revision.modelVersion,
    share: assignment.share,
    threshold: revision.threshold,
    rows: assignment.rows === null ? null : [...assignment.rows],
    shift: revision.shift,
    ...result,
  };
}
