import type { PipelineRun, RunLineage, StageAttempt } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { LineageDeps } from './deps.ts';
import { attemptOf, doubtOf, type Link } from './model.ts';
import { codeLink, dataLink, environmentLink, madeBy } from './training-links.ts';

type Made = Extract<RunLineage['models'], { found: unknown }>['found'];

/**
 * From data to models by way of one pipeline run, the server's own or one of a checkout.
 * @throws DomainError NOT_FOUND
 */
export async function runLineage(deps: LineageDeps, id: string): Promise<RunLineage> {
  const run = await deps.pipelines.get(id);
  const { project, number, status, phase, reason, cutoff, cycle, actor, modelVersions } = run;
  const { source, place, isLost, createdAt, startedAt, endedAt } = run;
  const summary = { id, project, number, status, phase, reason, cutoff, cycle, actor, modelVersions };
  return {
    run: { ...summary, source, place, isLost, createdAt, startedAt, endedAt },
    code: codeLink(run),
    environment: environmentLink(run),
    data: await dataLink(deps, run),
    unknownInputs: unknownInputs(run),
    models: await modelsLink(deps, run),
  };
}

async function attemptFor(
  experiments: LineageDeps['experiments'],
  run: PipelineRun,
  runId: string,
): Promise<StageAttempt | undefined> {
  const own = attemptOf(run, { runId });
  if (own) return own.attempt;
  try {
    return attemptOf(run, await madeBy(experiments, runId))?.attempt;
  } catch (error) {
    // The experiment run was deleted for good.
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** What stages of a checkout read that none of them wrote, and that is in no dataset version that the run is linked with. */
function unknownInputs({ stages, inputs }: PipelineRun): RunLineage['unknownInputs'] {
  const made = new Set(stages.flatMap(({ report }) => report?.outputs.map(({ hash }) => hash) ?? []));
  const known = new Set(inputs.flatMap(({ path }) => path.split(', ')));
  return stages.flatMap(({ name, report }) =>
    (report?.inputs ?? [])
      .filter(({ path, hash }) => !known.has(path) && (hash === undefined || !made.has(hash)))
      .map(({ path, hash = null }) => ({ stage: name, path, hash })),
  );
}

async function modelsLink({ registry, experiments }: LineageDeps, run: PipelineRun): Promise<Link<Made>> {
  const isOpen = run.status === 'queued' || run.status === 'running';
  if (isOpen) return { missing: 'what it registers is looked up when it has ended' };
  const found: Made = [];
  for (const name of run.modelVersions) {
    const slash = name.lastIndexOf('/');
    const [model, version] = [name.slice(0, slash), Number(name.slice(slash + 1))];
    try {
      const { runId, createdAt, aliases } = await registry.getVersion(model, version);
      const attempt = runId === null ? undefined : await attemptFor(experiments, run, runId);
      found.push({ model, version, runId, aliases: [...aliases], doubt: doubtOf(attempt, createdAt) });
    } catch (error) {
      // It was deleted.
      if (!(error instanceof DomainError) || error.code !== 'NOT_FOUND') throw error;
    }
  }
  if (found.length > 0) return { found };
  return { missing: `${run.id} registered no model version that is there` };
}
