import { logLossOf } from '#kernel/statistics/classification-metrics';
import type { MonitorsDeps } from './deps.ts';
import { judgePerformance, type LossPair } from './performance.ts';
import type { Judged, Watched } from './watched.ts';

const EVER = -8.64e15;
/** Fewer labels than this before a window say less of the share than what the last gate measured. */
const ENOUGH_LABELS = 1_000;

/** Judges what the answers of a window came to, against the constant that was known before it. */
export async function judgeRealised(deps: MonitorsDeps, { watch, deployment, window }: Watched): Promise<Judged> {
  const { name, champion } = deployment;
  const within = { deployment: name, from: window.start, to: window.end };
  const [examples, answered, baseline] = await Promise.all([
    deps.predictions.labelled(within),
    answeredIn(deps, within),
    baselineBefore(deps, name, window.start),
  ]);
  const subject = { revision: champion?.number ?? null, modelVersion: champion?.version ?? null, columns: [] };
  if (baseline === null || answered.predictions === 0) {
    const reason =
      baseline === null ? 'no outcome was known before it: there is no baseline' : 'no answer was logged in it';
    return { ...subject, verdict: 'unknown', reason, n: examples.length, performance: null };
  }
  const loss = watch.watch === 'performance' && watch.metric === 'brier' ? squaredError : logLossOf;
  const pairs = examples.map(({ probability, label }): LossPair => {
    return { modelLoss: loss(label, probability), baselineLoss: loss(label, baseline) };
  });
  const { verdict, reason, labels, coverage, modelLoss, baselineLoss, difference } = judgePerformance(
    pairs,
    answered.predictions,
  );
  return {
    ...subject,
    verdict: ({ healthy: 'healthy', decayed: 'alarm', unknown: 'unknown' } as const)[verdict],
    reason,
    n: labels,
    performance: {
      labels,
      coverage,
      modelLoss,
      baselineLoss,
      baselineProbability: baseline,
      difference: difference && {
        mean: difference.mean,
        lower: Number.isFinite(difference.lower) ? difference.lower : null,
        upper: Number.isFinite(difference.upper) ? difference.upper : null,
      },
    },
  };
}

interface Counts {
  readonly predictions: number;
  readonly labelled: number;
  readonly positives: number;
}

/** Answers that callers were given. */
async function answeredIn(
  { predictions }: MonitorsDeps,
  window: { readonly deployment: string; readonly from: number; readonly to: number },
): Promise<Counts> {
  const rows = (await predictions.performance(window)).filter(({ role }) => role !== 'shadow');
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    predictions: sum((row) => row.predictions),
    labelled: sum((row) => row.labelled),
    positives: sum((row) => row.positives),
  };
}

/** Share of positives among the labels before a time, by the rule of succession; early on, what the last gate measured. */
async function baselineBefore(deps: MonitorsDeps, deployment: string, time: number): Promise<number | null> {
  const { labelled, positives } = await answeredIn(deps, { deployment, from: EVER, to: time });
  if (labelled >= ENOUGH_LABELS) return (positives + 1) / (labelled + 2);
  const { baselineProbability } = await deps.deployments.pricing(deployment);
  return baselineProbability ?? (labelled > 0 ? (positives + 1) / (labelled + 2) : null);
}

function squaredError(label: 0 | 1, probability: number): number {
  return (probability - label) ** 2;
}
