import { invalid } from '#kernel/errors';
import { cellTensors, columnsOfInput, type CellColumns } from '#ports/cell-tensors';
import type { Tensor, TensorSpec } from '#ports/model-runtime';

/**
 * Rows `from` up to but not including `to` as the model takes them: see `columnsOfInput`.
 * @throws DomainError INVALID_ARGUMENT naming the input that the rows lack or whose values do not fit
 */
export function tensorsOf(specs: readonly TensorSpec[], columns: CellColumns, from: number, to: number): Tensor[] {
  const known = Object.keys(columns);
  const sources = new Map(specs.map((spec) => [spec.name, columnsOfInput(spec, known)]));
  return cellTensors(specs, columns, { from, to }, sources, (_row, column, message) => {
    throw invalid(message, { field: column });
  });
}
