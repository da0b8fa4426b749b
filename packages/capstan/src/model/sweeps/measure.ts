import type { PipelineRun } from '@capstan/api';
import { nearest } from '#kernel/nearest';
import type { SweepsDeps } from './deps.ts';
import type { Curve } from './model.ts';

export interface Measured {
  readonly runId: string;
  readonly value: number;
  readonly step: number;
}

/**
 * The last value of a metric in a pipeline run that has ended. Where several stages have logged it, the last one counts.
 * Gives why there is none as text.
 */
export async function measure(
  experiments: SweepsDeps['experiments'],
  run: PipelineRun,
  metric: string,
): Promise<Measured | string> {
  const found = await experiments.getRuns(run.stages.flatMap(({ runId }) => runId ?? []));
  const logged = found.flatMap(({ id, metrics }) =>
    metrics.filter(({ key }) => key === metric).map(({ value, step }) => ({ runId: id, value, step: Number(step) })),
  );
  const last = logged.at(-1);
  if (last === undefined) {
    const names = new Set(found.flatMap(({ metrics }) => metrics.map(({ key }) => key)));
    const suggestion = nearest(metric, names);
    const told = suggestion ?? [...names].filter((name) => !name.startsWith('system/')).join(', ');
    return `no stage has logged the metric '${metric}'${told === '' ? '' : `; logged: ${told}`}`;
  }
  return Number.isFinite(last.value) ? last : `the metric '${metric}' is ${last.value}`;
}

const MOST_POINTS = 200;
const RUNS_A_CALL = 100;

/** What each of these pipeline runs has logged of a metric so far, by id: the points of its last stage that has any. */
export async function curvesOf(
  experiments: SweepsDeps['experiments'],
  runs: readonly PipelineRun[],
  metric: string,
): Promise<ReadonlyMap<string, Curve>> {
  const stages = runs.map((run) => [run.id, run.stages.flatMap((stage) => runOf(stage) ?? [])] as const);
  const points = new Map<string, Curve>();
  const runIds = [...new Set(stages.flatMap(([, ids]) => ids))];
  for (let start = 0; start < runIds.length; start += RUNS_A_CALL) {
    const series = await experiments.sampledHistory({
      runIds: runIds.slice(start, start + RUNS_A_CALL),
      key: metric,
      range: {},
      maxPoints: MOST_POINTS,
    });
    for (const { runId, points: found } of series) {
      const finite = found.filter(({ value }) => Number.isFinite(value));
      points.set(
        runId,
        finite.map(({ step, value }) => [Number(step), value] as const),
      );
    }
  }
  return new Map(
    stages.map(([id, ids]) => [
      id,
      ids.map((runId) => points.get(runId) ?? []).findLast((curve) => curve.length > 0) ?? [],
    ]),
  );
}

/** The experiment run of a stage, also while it runs. */
function runOf({ runId, attempts }: PipelineRun['stages'][number]): string | null | undefined {
  return runId ?? attempts.at(-1)?.runId;
}
