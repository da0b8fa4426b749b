import type { DatasetVersion, Declaration } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { conflict, invalid } from '#kernel/errors';
import type { GatesDeps } from './deps.ts';
import { readRows, type EvaluationRows } from './evaluation-rows.ts';
import type { Contender } from './lineage.ts';
import { constantLosses, lossesOf, type Losses } from './model.ts';
import { withScored, type LoadedContender, type Scored } from './score.ts';

export interface Evaluate {
  readonly project: string;
  readonly model: string;
  readonly version: number;
  /** Dataset version with labelled rows. */
  readonly evaluation: string;
  /** Share of the positive class known before those rows; in (0, 1). Null where nobody knows it. */
  readonly baselineProbability: number | null;
  /** The same key again gives the same verdict. */
  readonly requestKey?: string | undefined;
  readonly cause: Cause;
}

/** A version with what came of scoring it. */
export interface ScoredContender extends Contender {
  readonly scored: Scored;
  readonly losses: Losses | undefined;
}

/** What the checks look at. */
export interface Bench {
  readonly deps: GatesDeps;
  readonly project: string;
  readonly declaration: Declaration;
  readonly model: NonNullable<Declaration['model']>;
  readonly rows: EvaluationRows;
  readonly candidate: ScoredContender;
  /** Undefined when it cannot be loaded. */
  readonly loaded: LoadedContender | undefined;
  readonly champion: ScoredContender | undefined;
  readonly baseline: Losses | undefined;
}

/** Scores all contenders; the candidate stays loaded while `use` runs. */
export async function withBench<Result>(
  deps: GatesDeps,
  request: Evaluate,
  use: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const { project, version, baselineProbability } = request;
  const { declaration, model, championVersion } = await check(deps, request);
  const rows = await readRows(deps, project, await usableRows(deps, request));
  const contenderOf = (contender: Contender, scored: Scored): ScoredContender => {
    const losses =
      'failure' in scored ? undefined : lossesOf(contender.name, model.metric, rows.labels, scored.probabilities);
    return { ...contender, scored, losses };
  };
  const scoreChampion = async (of: number): Promise<ScoredContender> => {
    const champion = { name: `the champion (version ${of})`, model: model.name, version: of };
    return await withScored(deps, champion, { rows }, async (scored) => contenderOf(champion, scored));
  };
  const baseline =
    baselineProbability === null
      ? undefined
      : constantLosses(
          `the baseline (always ${baselineProbability.toFixed(3)})`,
          model.metric,
          rows.labels,
          baselineProbability,
        );
  // Both at once: most of it is the start of the processes that load them.
  const scoring = championVersion === undefined ? undefined : scoreChampion(championVersion);
  const candidate = { name: `the candidate (version ${version})`, model: model.name, version };
  const judging = withScored(deps, candidate, { rows }, async (scored, loaded) =>
    use({
      deps,
      project,
      declaration,
      model,
      rows,
      candidate: contenderOf(candidate, scored),
      loaded,
      champion: await scoring,
      baseline,
    }),
  );
  return (await Promise.all([judging, scoring]))[0];
}

async function check(deps: GatesDeps, { project, model: name, version }: Evaluate) {
  const { declaration } = await deps.projects.get(project);
  const { model } = declaration;
  if (model?.name !== name) {
    throw invalid(`The project ${project} does not declare the model '${name}'`, {
      field: 'model',
      hint: model ? `It declares ${model.name}.` : 'Declare one under model in capstan.yaml.',
    });
  }
  const { aliases } = await deps.registry.getModel(name);
  await deps.registry.getVersion(name, version);
  return { declaration, model, championVersion: aliases.find(({ alias }) => alias === 'champion')?.version };
}

async function usableRows(deps: GatesDeps, { project, evaluation: id }: Evaluate): Promise<DatasetVersion> {
  const evaluation = await deps.datasets.get(id);
  if (evaluation.project !== project) {
    throw invalid(`The dataset version ${id} belongs to the project ${evaluation.project}`, { field: 'evaluation' });
  }
  if (evaluation.status === 'accepted') return evaluation;
  throw conflict(`Version ${evaluation.number} of ${evaluation.dataset} is ${evaluation.status}`, {
    field: 'evaluation',
    hint: 'Only accepted data can judge a model.',
  });
}
