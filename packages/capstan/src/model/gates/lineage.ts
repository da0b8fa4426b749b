import type { PipelineRun } from '@capstan/api';
import type { VerdictCheck } from '#model/registry';
import type { GatesDeps } from './deps.ts';

/** Data that a version was trained on, as the platform knows it; or why it does not. */
type Training =
  | {
      readonly run: PipelineRun;
      /** Latest event time in each dated dataset version that its pipeline run read. */
      readonly reaches: readonly { readonly name: string; readonly latest: number }[];
      /** Versions without event time, e.g. reference tables. */
      readonly undated: readonly string[];
    }
  | { readonly unknown: string };

export interface Contender {
  /** `the candidate (version 7)`. */
  readonly name: string;
  readonly model: string;
  readonly version: number;
}

/**
 * What a version was trained on: the dataset versions that the pipeline run which made it gave to its stages. A version
 * counts as made there when it was registered while the attempt of its run was working: later ones could hold anything.
 */
export async function trainingOf(
  deps: GatesDeps,
  project: string,
  { name, model, version }: Contender,
): Promise<Training> {
  const { runId, createdAt } = await deps.registry.getVersion(model, version);
  if (runId === null) return { unknown: `${name} was not made in a run` };
  const run = await deps.lineage.madeIn(runId);
  if (!run || run.project !== project) return { unknown: `no pipeline of this project made ${name}` };
  const attempt = run.stages.flatMap((stage) => stage.attempts).find((each) => each.runId === runId);
  const isMadeThen =
    attempt && createdAt >= attempt.startedAt && (attempt.endedAt === null || createdAt <= attempt.endedAt);
  if (!isMadeThen)
    return { unknown: `${name} was registered after its training had ended, so what made it is not known` };
  const reaches: { name: string; latest: number }[] = [];
  const undated: string[] = [];
  for (const { dataset, used } of run.inputs) {
    if (!used) continue;
    const { eventTime } = await deps.datasets.get(used.versionId);
    const shown = `${dataset}@${used.number}`;
    if (eventTime) reaches.push({ name: shown, latest: eventTime.max });
    else undated.push(shown);
  }
  if (reaches.length === 0) return { unknown: `nothing that ${name} was trained on has an event time` };
  return { run, reaches, undated };
}

/**
 * Whether the training data of all contenders end before the evaluation rows begin. A contender that has seen the answers
 * would win by memory. What the platform does not know blocks.
 */
export async function checkUnseen(
  deps: GatesDeps,
  project: string,
  contenders: readonly Contender[],
  span: { readonly from: number; readonly to: number } | null,
): Promise<VerdictCheck> {
  const check = { check: 'unseen_data', limit: span?.from ?? null };
  if (!span) {
    return {
      ...check,
      status: 'unknown',
      value: null,
      n: 0,
      reason: 'the evaluation rows have no event time, so nobody can say that they are new',
    };
  }
  const trainings = await Promise.all(
    contenders.map(async (each) => ({ each, training: await trainingOf(deps, project, each) })),
  );
  const found = trainings.flatMap(({ each, training }) =>
    'unknown' in training ? [] : training.reaches.map((reach) => ({ ...reach, who: each.name })),
  );
  const latest = found.reduce((max, { latest: time }) => Math.max(max, time), Number.NEGATIVE_INFINITY);
  const measured = { ...check, value: found.length === 0 ? null : latest, n: found.length };
  const overlap = found.find((reach) => reach.latest >= span.from);
  if (overlap) {
    const range = `${iso(span.from)} to ${iso(Math.min(overlap.latest, span.to))}`;
    return {
      ...measured,
      status: 'fail',
      reason: `${overlap.who} was trained on ${overlap.name}, which holds rows of the evaluation window: ${range}`,
    };
  }
  const unknown = trainings.flatMap(({ training }) => ('unknown' in training ? [training.unknown] : []));
  if (unknown.length > 0) return { ...measured, status: 'unknown', reason: unknown.join('; ') };
  const undated = [...new Set(trainings.flatMap(({ training }) => ('unknown' in training ? [] : training.undated)))];
  const left = undated.length > 0 ? `; without event time, hence not checked: ${undated.join(', ')}` : '';
  const who = contenders.map(({ name }) => name).join(' and ');
  return {
    ...measured,
    status: 'pass',
    reason: `training data of ${who} end at ${iso(latest)}, before the evaluation rows begin at ${iso(span.from)}${left}`,
  };
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
