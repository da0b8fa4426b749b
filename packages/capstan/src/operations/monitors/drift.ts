import { adjustBenjaminiHochberg } from '#kernel/statistics/benjamini-hochberg';
import { chiSquareHomogeneity } from '#kernel/statistics/chi-square-homogeneity';
import { jensenShannonDistance } from '#kernel/statistics/jensen-shannon';
import { kolmogorovSmirnovOfCounts } from '#kernel/statistics/two-sample-ks';
import type { FrozenBins } from '#kernel/statistics/binning';

/** What a column looked like in the data its model was trained on. */
export interface ColumnReference {
  readonly column: string;
  readonly bins: FrozenBins;
  /** Rows a bin, in the order of `binLabels(bins)`. */
  readonly counts: readonly number[];
}

/** Limits of a drift watch. Both must be crossed: a tiny shift is significant in enough rows, and noise is large in few. */
export interface DriftLimits {
  /** Share of false alarms accepted among the columns that alarm (Benjamini–Hochberg). */
  readonly falseDiscoveryRate: number;
  /** Least Jensen–Shannon distance (base 2) that matters. */
  readonly effectFloor: number;
  /** Windows of fewer rows are not judged. */
  readonly minRows: number;
}

export const defaultDriftLimits: DriftLimits = { falseDiscoveryRate: 0.01, effectFloor: 0.1, minRows: 500 };

export interface ColumnDrift {
  readonly column: string;
  readonly test: 'kolmogorov-smirnov' | 'chi-square';
  /** Jensen–Shannon distance between reference and window, 0 to 1. */
  readonly effect: number;
  readonly pValue: number;
  /** p-value adjusted for the number of columns looked at. */
  readonly adjusted: number;
  readonly rows: number;
  readonly referenceRows: number;
  readonly verdict: 'steady' | 'drifted';
}

export interface DriftJudgement {
  readonly verdict: 'steady' | 'drifted' | 'unknown';
  readonly reason: string;
  /** Largest effect first. */
  readonly columns: readonly ColumnDrift[];
}

/**
 * Judges one window of features against the training data of the model that served it.
 * `current` holds, by column, the window's counts over the reference's bins. A column without counts, or a window below
 * the least number of rows, is unknown and never steady.
 */
export function judgeDrift(
  references: readonly ColumnReference[],
  current: ReadonlyMap<string, readonly number[]>,
  limits: DriftLimits = defaultDriftLimits,
): DriftJudgement {
  const unmeasured = references.filter((reference) => !current.has(reference.column)).map(({ column }) => column);
  if (references.length === 0 || unmeasured.length > 0) {
    const reason =
      references.length === 0 ? 'there is no reference to compare with' : `not logged: ${unmeasured.join(', ')}`;
    return { verdict: 'unknown', reason, columns: [] };
  }
  const rows = Math.min(...references.map(({ column }) => total(current.get(column) ?? [])));
  if (rows < limits.minRows) {
    return { verdict: 'unknown', reason: `${rows} rows, at least ${limits.minRows} are needed`, columns: [] };
  }
  const measured = references.map((reference) => measure(reference, current.get(reference.column) ?? []));
  const adjusted = adjustBenjaminiHochberg(measured.map(({ pValue }) => pValue));
  const columns = measured
    .map((column, index): ColumnDrift => {
      const adjustedP = adjusted[index] ?? 1;
      const isDrifted = adjustedP < limits.falseDiscoveryRate && column.effect >= limits.effectFloor;
      return { ...column, adjusted: adjustedP, verdict: isDrifted ? 'drifted' : 'steady' };
    })
    .toSorted((a, b) => b.effect - a.effect || (a.column < b.column ? -1 : 1));
  return summarise(columns, limits);
}

function summarise(columns: readonly ColumnDrift[], limits: DriftLimits): DriftJudgement {
  const drifted = columns.filter((column) => column.verdict === 'drifted');
  const worst = columns[0];
  const show = (column: ColumnDrift): string => `${column.column} JS ${column.effect.toFixed(2)}`;
  if (drifted.length > 0) {
    const reason = `${drifted.slice(0, 3).map(show).join(', ')} ≥ ${limits.effectFloor}, n ${drifted[0]?.rows}`;
    return { verdict: 'drifted', reason, columns };
  }
  return { verdict: 'steady', reason: worst ? `largest: ${show(worst)}` : 'no columns', columns };
}

function measure(reference: ColumnReference, counts: readonly number[]): Omit<ColumnDrift, 'adjusted' | 'verdict'> {
  const effect = jensenShannonDistance(reference.counts, counts);
  const facts = { column: reference.column, effect, rows: total(counts), referenceRows: total(reference.counts) };
  // `missing` is the last bin and has no place in the order of numbers.
  const ordered = [reference.counts.slice(0, -1), counts.slice(0, -1)] as const;
  const isOrderable = reference.bins.kind === 'numeric' && ordered.every((part) => total(part) > 0);
  if (isOrderable) {
    return { ...facts, test: 'kolmogorov-smirnov', pValue: kolmogorovSmirnovOfCounts(...ordered).pValue };
  }
  return { ...facts, test: 'chi-square', pValue: chiSquareHomogeneity(reference.counts, counts).pValue };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
