import type { OpenedModel, Rehearsal } from './host-messages.ts';

/** An execution in the caller's thread holds up everything else there for so long at most, as measured in the trial. */
const MOST_INLINE_MS = 0.5;
/** The same once, when the model is opened there. Measured in a child that has just loaded the library, which is most of it. */
const MOST_OPEN_MS = 250;

/**
 * Operators whose work follows from the values of a request and not from its shapes alone: loops, and those that make
 * tensors as large as a value says. What zeros took in the trial says nothing of what they take in general.
 */
const VALUE_DEPENDENT = new Set([
  'BlackmanWindow',
  'Col2Im',
  'ConstantOfShape',
  'DFT',
  'Expand',
  'HammingWindow',
  'HannWindow',
  'If',
  'Loop',
  'MelWeightMatrix',
  'NonMaxSuppression',
  'OneHot',
  'Pad',
  'Range',
  'Resize',
  'STFT',
  'Scan',
  'SequenceMap',
  'SplitToSequence',
  'StringSplit',
  'Tile',
  'Trilu',
  'Upsample',
]);

/**
 * Rows up to which a model runs in the thread that asks; 0: never. The way to another thread and back costs more than
 * ten times what a small model computes, and both wait for the same core (docs/decisions/0048).
 */
export function inlineRows({ operators }: Pick<OpenedModel, 'operators'>, rehearsal: Rehearsal): number {
  if (operators.some((operator) => VALUE_DEPENDENT.has(operator))) return 0;
  if (!(rehearsal.openMs <= MOST_OPEN_MS && rehearsal.oneRowMs <= MOST_INLINE_MS)) return 0;
  if (!Number.isFinite(rehearsal.manyRowsMs)) return 1;
  const perRowMs = Math.max((rehearsal.manyRowsMs - rehearsal.oneRowMs) / rehearsal.manyRows, 1e-6);
  return Math.max(1, Math.floor((MOST_INLINE_MS - rehearsal.oneRowMs) / perRowMs));
}
