import type { RecordedPart, ServedDeployment } from '@capstan/api';
import { hashToUnit } from '#kernel/statistics/hash-unit';
import type { LoggedColumn, LoggedPart, LoggedRequest } from '#ports/prediction-log';
import type { Tensor } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';

/** Tensors as columns of the log; of redacted ones, and of those that are not by rows, nothing but that they were there. */
export function loggedColumns(tensors: readonly Tensor[], rows: number, redacted: readonly string[]): LoggedColumn[] {
  return tensors.map(({ name, datatype, shape, data }) => {
    const width = rows === 1 ? data.length : widthOf(shape);
    const isKnown = data.length === rows * width && width > 0 && !redacted.includes(name);
    return { name, datatype, width: Math.max(width, 1), data: isKnown ? data : null };
  });
}

/** What stands in the record of a request whose deployment samples; nothing where all is logged. Each replica decides the same. */
export function samplingOf({ sample, name }: ServedDeployment, request: string): Pick<LoggedRequest, 'sampling'> {
  if (sample >= 1) return {};
  return { sampling: { share: sample, isKept: hashToUnit(request, `${name}/log`) < sample } };
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
  result: Pick<LoggedPart, 'probabilities' | 'error' | 'latencyUs' | 'batches'>,
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
    // Without their times, which the log has no place for: its reader refuses what it does not know.
    ...(result.batches && { batches: result.batches.map(({ id, rows, own }) => ({ id, rows, own })) }),
  };
}
