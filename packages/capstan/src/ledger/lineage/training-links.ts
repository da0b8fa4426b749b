import type { DatasetVersion, Explanation, PipelineRun, ReportedPlace } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { LineageDeps } from './deps.ts';
import { attemptOf, doubtOf, follow, type Link, type MadeBy } from './model.ts';
import type { VersionFound } from './serving-links.ts';

type TrainingLinks = Pick<
  Explanation,
  'modelVersion' | 'run' | 'attempt' | 'pipelineRun' | 'code' | 'environment' | 'data'
>;
type Found<Name extends keyof TrainingLinks> = Extract<TrainingLinks[Name], { found: unknown }>['found'];

/** A pipeline run with the experiment run that the version came from. */
interface Making extends MadeBy {
  readonly run: PipelineRun;
  readonly registeredAt: number;
}

/** How the model of a version was made: run, attempt, pipeline run, code, environment and data. */
export async function trainingLinks(deps: LineageDeps, version: Link<VersionFound>): Promise<TrainingLinks> {
  const making = await follow(version, (found) => makingLink(deps, found));
  return {
    modelVersion: await follow(version, ({ runId: _runId, ...found }) => ({ found })),
    run: await follow(version, (found) => runLink(deps, found)),
    attempt: await follow(making, attemptLink),
    pipelineRun: await follow(making, pipelineRunLink),
    code: await follow(making, ({ run }) => codeLink(run)),
    environment: await follow(making, ({ run }) => environmentLink(run)),
    data: await follow(making, ({ run }) => dataLink(deps, run)),
  };
}

async function makingLink(deps: LineageDeps, { runId, createdAt, createdBy }: VersionFound): Promise<Link<Making>> {
  if (runId === null)
    return { missing: `${createdBy} registered the version without a run: how it was made is not known` };
  const run = await deps.pipelines.madeIn(runId);
  if (run) return { found: { run, runId, registeredAt: createdAt } };
  const told = await toldBy(deps, runId);
  if (told) return { found: { ...told, registeredAt: createdAt } };
  return { missing: `no pipeline of Capstan made the run ${runId}: it was logged from outside` };
}

/** What an experiment run says of its making: code in stages of checkouts logs by itself. */
export async function madeBy(
  experiments: LineageDeps['experiments'],
  runId: string,
): Promise<MadeBy & { readonly pipelineRun?: string | undefined }> {
  const { tags } = await experiments.getRun(runId);
  const told = new Map(tags.map(({ key, value }) => [key, value]));
  return { runId, attempt: told.get('capstan.attempt'), pipelineRun: told.get('capstan.pipeline_run') };
}

async function toldBy(
  { experiments, pipelines }: LineageDeps,
  runId: string,
): Promise<(MadeBy & { readonly run: PipelineRun }) | undefined> {
  try {
    const { pipelineRun, attempt } = await madeBy(experiments, runId);
    return pipelineRun === undefined ? undefined : { run: await pipelines.get(pipelineRun), runId, attempt };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function runLink({ experiments }: LineageDeps, { runId, createdBy }: VersionFound): Promise<Link<Found<'run'>>> {
  if (runId === null) return { missing: `no run: ${createdBy} registered the version without one` };
  try {
    const { id, name, status, startTime: startedAt, endTime: endedAt } = await experiments.getRun(runId);
    return { found: { id, name, status, startedAt, endedAt } };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return { missing: `the run ${runId} is not there` };
    throw error;
  }
}

function attemptLink({ run, ...made }: Making): Link<Found<'attempt'>> {
  const found = attemptOf(run, made);
  if (!found) return { missing: `no attempt of ${run.id} is known to have made the run ${made.runId}` };
  return { found: { ...found.attempt, stage: found.stage, command: found.command } };
}

function pipelineRunLink({ run, registeredAt, ...made }: Making): Link<Found<'pipelineRun'>> {
  const { id, project, number, status, phase, reason, cutoff, cycle, actor, modelVersions } = run;
  const { createdAt, startedAt, endedAt, source, place, isLost } = run;
  const times = { createdAt, startedAt, endedAt };
  const origin = { source, place, isLost };
  const doubt = doubtOf(attemptOf(run, made)?.attempt, registeredAt);
  return {
    found: {
      id,
      project,
      number,
      status,
      phase,
      reason,
      cutoff,
      cycle,
      actor,
      modelVersions,
      ...origin,
      ...times,
      doubt,
    },
  };
}

export function codeLink({ id, codeDigest, gitCommit, revision, place }: PipelineRun): Link<Found<'code'>> {
  if (place) return checkoutCode(place);
  if (codeDigest === null) return { missing: `${id} ended before its code was taken down` };
  return { found: { digest: codeDigest, gitCommit, declaration: revision, checkout: null } };
}

/** An experiment's own commit holds all that ran; another run's is what lay under changes that nobody has taken down. */
function checkoutCode({ commit, isDirty, repository, host, experiment }: ReportedPlace): Link<Found<'code'>> {
  const kept = experiment?.commit ?? null;
  const gitCommit = kept ?? commit;
  if (gitCommit === null) return { missing: `the checkout on ${host} has no commit: what code ran is not known` };
  const checkout = {
    repository: repository.remote ?? repository.name,
    isDirty: kept === null ? isDirty : false,
    experiment: kept === null ? null : (experiment?.name ?? null),
  };
  return { found: { digest: null, gitCommit, declaration: null, checkout } };
}

export function environmentLink({ id, environmentKey: key, place }: PipelineRun): Link<Found<'environment'>> {
  if (place) return { missing: `it ran in a checkout on ${place.host}, which does not tell what was installed` };
  return key === null ? { missing: `${id} ended before its environment was known` } : { found: { key } };
}

/** The versions that a run's stages read, then what those were cut from, back to the first. */
export async function dataLink({ datasets }: LineageDeps, run: PipelineRun): Promise<Link<Found<'data'>>> {
  const read = run.inputs.flatMap(({ used }) => (used ? [used.versionId] : []));
  if (read.length === 0) {
    const isOpen = run.status === 'queued' || run.status === 'running';
    if (run.place && isOpen) return { missing: 'what it read is looked up when it has ended' };
    return { missing: `${run.id} read no dataset ${run.place ? 'version ' : ''}that Capstan knows` };
  }
  const found = new Map<string, DatasetVersion>();
  let wanted = read;
  while (wanted.length > 0) {
    const versions = await Promise.all([...new Set(wanted)].map((id) => datasets.get(id)));
    for (const version of versions) found.set(version.id, version);
    const parents = versions.flatMap((version) => version.parents.map(({ versionId }) => versionId));
    wanted = parents.filter((id) => !found.has(id));
  }
  return {
    found: [...found.values()].map((version) => {
      const { id: versionId, dataset, number, status, digest, rows, eventTime, files, parents } = version;
      const isRead = read.includes(versionId);
      return { versionId, dataset, number, status, digest, rows, eventTime, files, parents, isRead };
    }),
  };
}
