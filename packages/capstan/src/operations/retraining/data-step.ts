import type { DatasetVersion, EvidenceRef } from '@capstan/api';
import { quarantined } from './consider.ts';
import {
  instant,
  labelSourceOf,
  latestLabelledWindow,
  windowLengthOf,
  windowText,
  type DecisionRow,
  type LabelSource,
  type Window,
} from './model.ts';
import { stopped, type Progress, type Turn } from './turn.ts';

/** What the newest labels are and where they come from. */
interface Labelled {
  readonly window: Window;
  /** Holds all labelled rows up to the window's end. */
  readonly versionId: string;
  readonly dataset: string;
  readonly decision: DecisionRow;
}

/**
 * Fixes the evaluation window, the latest one with labels, and cuts what the training may see so that it ends before it.
 * With logged predictions the window is made of them; before the first ones, it is the end of the labelled data itself.
 * Nothing in quarantine is used, and what is still being checked is waited for.
 */
export async function stepData(turn: Turn): Promise<Progress> {
  const { deps, row, declaration } = turn;
  const source = labelSourceOf(declaration);
  if (!source) return stopped('refused', 'no dataset declares a label, so no candidate could be judged');
  const bad = await quarantined(deps, row.project, declaration);
  if (bad.length > 0) return stopped('refused', `in quarantine, hence not trained on: ${bad.join(', ')}`);
  const unchecked = await pendingOf(turn);
  if (unchecked !== undefined) return { kind: 'wait', reason: `waits for the check of ${unchecked}` };

  const found = await findLabelled(turn, source);
  if ('kind' in found) return found;
  const { window } = found;
  const evaluation = await cut(turn, found.dataset, found.versionId, {
    eventTimeFrom: window.from,
    eventTimeBefore: window.before,
  });
  const training = await trainingCuts(turn, source, found);
  if ('kind' in training) return training;
  const baseline = await baselineOf(turn, training.cuts, source);
  const decisions = [found.decision, cutDecision(window, training.cuts, training.all), ...baselineDecision(baseline)];
  return {
    kind: 'next',
    to: 'training',
    change: {
      window_from: window.from,
      window_before: window.before,
      evaluation: evaluation.id,
      training: JSON.stringify(training.all),
      baseline_probability: baseline?.share ?? null,
    },
    end: {
      status: 'pass',
      value: evaluation.rows,
      reason: `judged on ${evaluation.rows} rows from ${windowText(window)}; trained on what lies before`,
      evidence: [versionRef(evaluation.id), ...training.all.map(versionRef)],
      decisions,
    },
  };
}

const versionRef = (id: string): EvidenceRef => ({ kind: 'dataset-version', id });

/** A dataset version whose check is under way. */
async function pendingOf({ deps, row, declaration }: Turn): Promise<string | undefined> {
  for (const [dataset, { from }] of Object.entries(declaration.datasets)) {
    if (from === 'predictions') continue;
    const newest = await deps.datasets.latest(row.project, dataset, 'pending', 'accepted', 'quarantined');
    if (newest?.status === 'pending') return `${dataset}@${newest.number}`;
  }
  return undefined;
}

async function findLabelled(turn: Turn, source: LabelSource): Promise<Labelled | Progress> {
  const fromPredictions =
    source.feedback === undefined ? undefined : await labelledPredictions(turn, source, source.feedback);
  return fromPredictions ?? (await labelledData(turn, source));
}

/** Undefined when the latest window holds no labelled prediction. */
async function labelledPredictions(
  turn: Turn,
  source: LabelSource,
  feedback: string,
): Promise<Labelled | Progress | undefined> {
  const { deps, row, declaration } = turn;
  const deployment = (await deps.deployments.list(row.project)).find(
    ({ name }) => name === declaration.deployment?.name,
  );
  if (!deployment) return undefined;
  const window = latestLabelledWindow(row.started_at, source.arrivesAfterMs, windowLengthOf(declaration));
  const rows = await deps.predictions.performance({
    deployment: deployment.name,
    from: window.from,
    to: window.before,
  });
  const served = rows.filter(({ role }) => role !== 'shadow');
  const labelled = served.reduce((sum, each) => sum + each.labelled, 0);
  const predictions = served.reduce((sum, each) => sum + each.predictions, 0);
  if (labelled === 0) return undefined;
  if (row.labelled === null) {
    const wanted = {
      project: row.project,
      deployment: deployment.name,
      dataset: feedback,
      labelColumn: source.labelColumn,
    };
    const { versionId } = await deps.predictions.exportLabelled(
      { ...wanted, from: 0, before: window.before },
      turn.cause,
    );
    return { kind: 'keep', change: { labelled: versionId } };
  }
  const version = await deps.datasets.get(row.labelled);
  if (version.status === 'pending')
    return { kind: 'wait', reason: `waits for the check of ${feedback}@${version.number}` };
  if (version.status === 'quarantined') {
    const reason = `the labelled predictions are in quarantine, hence neither trained on nor judged by: ${feedback}@${version.number}`;
    return stopped('refused', reason, { evidence: [versionRef(version.id)] });
  }
  const decision: DecisionRow = {
    decision: 'labelled window',
    status: 'pass',
    value: labelled,
    limit: null,
    n: predictions,
    reason: `${labelled} of ${predictions} predictions from ${windowText(window)} have their outcome`,
    evidence: [versionRef(version.id), { kind: 'deployment', id: deployment.name }],
  };
  return { window, versionId: version.id, dataset: feedback, decision };
}

/** The end of the data that carry labels of their own: what the first model is judged on. */
async function labelledData({ deps, row, declaration }: Turn, { raw }: LabelSource): Promise<Labelled | Progress> {
  const version = raw === undefined ? undefined : await deps.datasets.latest(row.project, raw, 'accepted');
  if (!version)
    return stopped(
      'refused',
      `there is neither a labelled prediction nor an accepted version of ${raw ?? 'labelled data'}`,
    );
  if (!version.eventTime) {
    return stopped('refused', `${version.dataset} has no event time, so nothing in it can be kept from the training`, {
      evidence: [versionRef(version.id)],
    });
  }
  const before = version.eventTime.max + 1;
  const window = { from: before - windowLengthOf(declaration), before };
  const decision: DecisionRow = {
    decision: 'labelled window',
    status: 'pass',
    value: version.rows,
    limit: null,
    n: version.rows,
    reason: `no labelled prediction yet: the end of ${version.dataset}@${version.number} is kept from the training, ${windowText(window)}`,
    evidence: [versionRef(version.id)],
  };
  return { window, versionId: version.id, dataset: version.dataset, decision };
}

async function cut(
  turn: Turn,
  dataset: string,
  from: string,
  where: { eventTimeFrom?: number; eventTimeBefore?: number },
): Promise<DatasetVersion> {
  return await turn.deps.datasets.derive({ project: turn.row.project, dataset, from, where, cause: turn.cause });
}

interface TrainingCut {
  readonly dataset: string;
  readonly version: DatasetVersion;
}

/** What the training reads: each dated dataset up to the window, the others as they are. */
async function trainingCuts(
  turn: Turn,
  source: LabelSource,
  { window, versionId, dataset: labelledDataset }: Labelled,
): Promise<{ readonly cuts: readonly TrainingCut[]; readonly all: readonly string[] } | Progress> {
  const { deps, row } = turn;
  const inputs = await deps.pipelines.inputsFor({ project: row.project, inputs: [], params: {} });
  const cuts: TrainingCut[] = [];
  const all: string[] = [];
  for (const input of inputs) {
    // Labelled predictions as of now, not as an earlier turn exported them.
    const isFeedback = input.dataset === source.feedback;
    if (isFeedback && labelledDataset !== source.feedback) continue;
    const version = await deps.datasets.get(isFeedback ? versionId : input.versionId);
    if (!version.eventTime) {
      all.push(version.id);
      continue;
    }
    if (version.eventTime.min >= window.from) {
      // The first labelled predictions all lie in the window: there is none to learn from yet.
      if (isFeedback) continue;
      return stopped(
        'refused',
        `all of ${version.dataset}@${version.number} lies in or after the evaluation window (${windowText(window)})`,
        {
          evidence: [versionRef(version.id)],
        },
      );
    }
    const before =
      version.eventTime.max < window.from
        ? version
        : await cut(turn, version.dataset, version.id, { eventTimeBefore: window.from });
    cuts.push({ dataset: input.dataset, version: before });
    all.push(before.id);
  }
  return { cuts, all };
}

function cutDecision(window: Window, cuts: readonly TrainingCut[], all: readonly string[]): DecisionRow {
  const latest = Math.max(...cuts.map(({ version }) => version.eventTime?.max ?? Number.NEGATIVE_INFINITY));
  const rows = cuts.reduce((sum, { version }) => sum + version.rows, 0);
  const named = cuts.map(({ dataset, version }) => `${dataset}@${version.number}`).join(', ');
  return {
    decision: 'training ends before the window',
    status: 'pass',
    value: Number.isFinite(latest) ? instant(latest) : null,
    limit: instant(window.from),
    n: rows,
    reason: `${rows} rows of ${named || 'nothing dated'}`,
    evidence: all.map(versionRef),
  };
}

interface Baseline {
  readonly share: number;
  readonly rows: number;
}

/**
 * Share of the positive class among the labels known before the window. Labelled data of their own count up to where the
 * labelled predictions begin, so that no example counts twice.
 */
async function baselineOf(
  turn: Turn,
  cuts: readonly TrainingCut[],
  { raw, feedback }: LabelSource,
): Promise<Baseline | undefined> {
  const { deps, row } = turn;
  const served = cuts.find(({ dataset }) => dataset === feedback)?.version;
  const own = cuts.find(({ dataset }) => dataset === raw)?.version;
  const counted: string[] = served ? [served.id] : [];
  const start = served?.eventTime?.min;
  if (own?.eventTime && (start === undefined || own.eventTime.min < start)) {
    const isApart = start === undefined || own.eventTime.max < start;
    counted.push(isApart ? own.id : (await cut(turn, own.dataset, own.id, { eventTimeBefore: start })).id);
  }
  let rows = 0;
  let positives = 0;
  for (const id of counted) {
    const labels = await deps.gates.countLabels(row.project, id);
    rows += labels.rows;
    positives += labels.positives;
  }
  return rows === 0 ? undefined : { share: positives / rows, rows };
}

function baselineDecision(baseline: Baseline | undefined): DecisionRow[] {
  if (!baseline) return [];
  const { share, rows } = baseline;
  return [
    {
      decision: 'baseline',
      status: 'pass',
      value: share,
      limit: null,
      n: rows,
      reason: `doing nothing clever predicts ${share.toFixed(4)}: the share known before the window`,
    },
  ];
}
