import type { DatasetVersion, Explanation, PipelineRun } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { LineageDeps } from './deps.ts';
import { attemptOf, doubtOf, follow, type Link } from './model.ts';
import type { VersionFound } from './serving-links.ts';

type TrainingLinks = Pick<
  Explanation,
  'modelVersion' | 'run' | 'attempt' | 'pipelineRun' | 'code' | 'environment' | 'data'
>;
type Found<Name extends keyof TrainingLinks> = Extract<TrainingLinks[Name], { found: unknown }>['found'];

/** A pipeline run with the experiment run that the version came from. */
interface Making {
  readonly run: PipelineRun;
  readonly runId: string;
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

async function makingLink(
  { pipelines }: LineageDeps,
  { runId, createdAt, createdBy }: VersionFound,
): Promise<Link<Making>> {
  if (runId === null)
    return { missing: `${createdBy} registered the version without a run: how it was made is not known` };
  const run = await pipelines.madeIn(runId);
  if (!run) return { missing: `no pipeline of Capstan made the run ${runId}: it was logged from outside` };
  return { found: { run, runId, registeredAt: createdAt } };
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

function attemptLink({ run, runId }: Making): Link<Found<'attempt'>> {
  const made = attemptOf(run, runId);
  if (!made) return { missing: `no attempt of ${run.id} is known to have made the run ${runId}` };
  return { found: { ...made.attempt, stage: made.stage, command: made.command } };
}

function pipelineRunLink({ run, runId, registeredAt }: Making): Link<Found<'pipelineRun'>> {
  const { id, project, number, status, phase, reason, cutoff, cycle, actor, modelVersions } = run;
  const { createdAt, startedAt, endedAt, source, place, isLost } = run;
  const times = { createdAt, startedAt, endedAt };
  const origin = { source, place, isLost };
  const doubt = doubtOf(attemptOf(run, runId)?.attempt, registeredAt);
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

function codeLink({ id, codeDigest, gitCommit, revision }: PipelineRun): Link<Found<'code'>> {
  if (codeDigest === null) return { missing: `${id} ended before its code was taken down` };
  return { found: { digest: codeDigest, gitCommit, declaration: revision } };
}

function environmentLink({ id, environmentKey: key }: PipelineRun): Link<Found<'environment'>> {
  return key === null ? { missing: `${id} ended before its environment was known` } : { found: { key } };
}

/** The versions that a run's stages read, then what those were cut from, back to the first. */
async function dataLink({ datasets }: LineageDeps, run: PipelineRun): Promise<Link<Found<'data'>>> {
  const read = run.inputs.flatMap(({ used }) => (used ? [used.versionId] : []));
  if (read.length === 0) return { missing: `${run.id} read no dataset that Capstan knows` };
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
