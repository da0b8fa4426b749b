import type { Declaration, Deployment } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { DebtDeps } from './deps.ts';
import type { RouteFacts, VersionFacts } from './idle-versions.ts';
import { PERIOD_DAYS, PERIOD_MS } from './model.ts';
import * as store from './store.ts';
import type { InputFacts } from './unpinned-inputs.ts';
import type { CallerFacts } from './undeclared-consumers.ts';
import type { FeatureFacts } from './useless-features.ts';

/** A project as debt is measured of it. */
export interface Measured {
  readonly project: string;
  readonly declaration: Declaration;
  /** The one that is declared; null before there is one. */
  readonly deployment: Deployment | null;
  readonly now: number;
  /** Answers that callers were given in the period. */
  readonly answers: readonly {
    readonly revision: number;
    readonly modelVersion: number;
    readonly predictions: number;
  }[];
}

export async function gather(deps: DebtDeps, project: string): Promise<Measured> {
  const { declaration } = await deps.projects.get(project);
  const now = deps.clock.now();
  const deployment =
    (await deps.deployments.list(project)).find(({ name }) => name === declaration.deployment?.name) ?? null;
  const answers = deployment
    ? (await deps.predictions.performance({ deployment: deployment.name, from: now - PERIOD_MS, to: now })).filter(
        ({ role }) => role !== 'shadow',
      )
    : [];
  return { project, declaration, deployment, now, answers };
}

export function countAnswers(answers: Measured['answers']): number {
  return answers.reduce((sum, { predictions }) => sum + predictions, 0);
}

const MOST_RUNS = 100;

export async function inputFacts(deps: DebtDeps, { project, now }: Measured): Promise<InputFacts> {
  const { items } = await deps.pipelines.list({ project, limit: MOST_RUNS });
  // One that somebody made in a checkout stands for the training only where the server has made none.
  const newest = items.find(({ source }) => source === 'server') ?? items[0];
  const run = newest && (await deps.pipelines.get(newest.id));
  return {
    requirements: await textOrNull(deps, project, 'requirements.txt'),
    newest: run
      ? {
          id: run.id,
          gitCommit: run.place?.isDirty === true ? null : run.gitCommit,
          loose: run.inputs.filter(({ used }) => used !== null && used.digest === '').map(({ dataset }) => dataset),
        }
      : null,
    undeclared: await undeclaredIn(
      deps,
      items.filter(({ source }) => source === 'checkout').map(({ id }) => id),
    ),
    trainingsInPeriod: items.filter(({ createdAt }) => createdAt > now - PERIOD_MS).length,
  };
}

/** Of each stage what the newest run of it found that was traced; of the last runs alone. */
async function undeclaredIn(deps: DebtDeps, runs: readonly string[]): Promise<InputFacts['undeclared']> {
  const found = new Map<string, readonly string[]>();
  for (const id of runs.slice(0, MOST_TRACED)) {
    for (const { name, report } of (await deps.pipelines.get(id)).stages) {
      if (report?.undeclared && !found.has(name)) found.set(name, report.undeclared);
    }
  }
  return [...found].flatMap(([stage, paths]) => paths.map((path) => ({ stage, path })));
}

const MOST_TRACED = 20;

async function textOrNull({ projects }: DebtDeps, project: string, path: string): Promise<string | null> {
  try {
    return await projects.readText(project, path);
  } catch (error) {
    if (error instanceof DomainError && ['NOT_FOUND', 'INVALID_ARGUMENT'].includes(error.code)) return null;
    throw error;
  }
}

const MOST_VERSIONS = 1_000;

export async function versionFacts(
  deps: DebtDeps,
  { declaration, deployment, now, answers }: Measured,
): Promise<VersionFacts[]> {
  const { model } = declaration;
  if (!model) return [];
  const { versions } = await deps.registry.searchVersions({
    filter: `name = '${model.name}'`,
    orderBy: [],
    limit: MOST_VERSIONS,
  });
  const served = await servedVersions(deps, deployment);
  return await Promise.all(
    versions.map(async ({ version, createdAt, aliases }): Promise<VersionFacts> => {
      const isWanted = aliases.includes('champion') || served.has(version) || createdAt > now - PERIOD_MS;
      const mine = answers.filter(({ modelVersion }) => modelVersion === version);
      const count = countAnswers(mine);
      const sizeBytes = isWanted || count > 0 ? null : await sizeOf(deps, model.name, version);
      return { model: model.name, version, sizeBytes, isWanted, answers: count };
    }),
  );
}

async function servedVersions(deps: DebtDeps, deployment: Deployment | null): Promise<Set<number>> {
  const { deployments } = await deps.deployments.snapshot();
  const mine = deployments.find(({ name }) => name === deployment?.name);
  return new Set(mine?.routes.map(({ modelVersion }) => modelVersion));
}

async function sizeOf({ registry }: DebtDeps, model: string, version: number): Promise<number | null> {
  try {
    const { files } = await registry.modelFiles(model, version);
    return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  } catch (error) {
    // Files that lie elsewhere cost elsewhere.
    if (error instanceof DomainError) return null;
    throw error;
  }
}

export async function routeFacts(deps: DebtDeps, { deployment, answers }: Measured): Promise<RouteFacts[]> {
  const { deployments } = await deps.deployments.snapshot();
  const mine = deployments.find(({ name }) => name === deployment?.name);
  return (mine?.routes ?? [])
    .filter(({ role }) => role !== 'shadow')
    .map(({ revision, share }) => ({
      deployment: mine?.name ?? '',
      revision,
      share,
      answers: countAnswers(answers.filter((each) => each.revision === revision)),
      deploymentAnswers: countAnswers(answers),
    }));
}

export async function callerFacts({ consumers }: DebtDeps, deployment: string, now: number): Promise<CallerFacts> {
  const { callers } = await consumers.policy(deployment);
  return {
    deployment,
    callers,
    undeclared: await consumers.callers({ deployment, days: PERIOD_DAYS }),
    declaredRequests: await consumers.countRequests(deployment, PERIOD_DAYS),
    now,
  };
}

const MOST_VERDICTS = 20;
const MOST_WINDOWS = 60;

export async function featureFacts(deps: DebtDeps, { project, deployment }: Measured): Promise<FeatureFacts> {
  const alarms = await alarmsByFeature(deps, project);
  const champion = deployment?.champion;
  if (!champion) return { measured: null, alarms };
  const { model, version } = champion;
  const verdicts = await deps.gates.list({ model, version, limit: MOST_VERDICTS });
  const verdict = verdicts.items.find(({ status }) => status === 'pass') ?? verdicts.items[0];
  if (!verdict) return { measured: null, alarms };
  const known = await store.findBenefits(deps.database.read, verdict.id);
  const benefits =
    known ??
    (await deps.gates.featureBenefits({
      project,
      model,
      version,
      evaluation: verdict.evaluation.datasetVersionId,
    }));
  // What could not be scored may be, the next time.
  if (!known && benefits.length > 0) {
    await deps.database.write((writer) => store.keepBenefits(writer, verdict.id, benefits, deps.clock.now()));
  }
  return { measured: { verdict: verdict.id, model, version, benefits }, alarms };
}

async function alarmsByFeature(deps: DebtDeps, project: string): Promise<Map<string, number> | null> {
  const watched = (await deps.monitors.list(project)).filter(
    ({ watch, windows }) => watch === 'features' && windows > 0,
  );
  if (watched.length === 0) return null;
  const alarms = new Map<string, number>();
  for (const { name } of watched) {
    const { items } = await deps.monitors.get(project, name, MOST_WINDOWS);
    for (const { column, verdict } of items.flatMap(({ columns }) => columns)) {
      if (verdict === 'drifted') alarms.set(column, (alarms.get(column) ?? 0) + 1);
    }
  }
  return alarms;
}
