import type { PipelineRun } from '@capstan/api';
import { stopped, type Progress, type Turn } from './turn.ts';

/** Starts the pipeline on the data cut for this turn, once, and takes the model version that it has registered. */
export async function stepTraining(turn: Turn): Promise<Progress> {
  const { deps, row, cause } = turn;
  if (row.pipeline_run === null) {
    const training = JSON.parse(row.training) as string[];
    const { id } = await deps.pipelines.start({
      project: row.project,
      inputs: training.map((datasetVersionId) => ({ datasetVersionId })),
      params: {},
      // The data are cut already. What a later declaration may add is cut here too.
      ...(row.window_from !== null && { cutoff: row.window_from }),
      requestKey: `cycle:${row.id}`,
      cause,
    });
    return { kind: 'keep', change: { pipeline_run: id } };
  }
  const run = await deps.pipelines.get(row.pipeline_run);
  if (run.status === 'queued' || run.status === 'running')
    return { kind: 'wait', reason: `waits for pipeline run ${run.number}` };
  if (run.status !== 'succeeded') {
    const reason = run.reason ?? `pipeline run ${run.number} was ${run.status}`;
    return stopped('failed', reason, { evidence: [{ kind: 'pipeline-run', id: run.id }] });
  }
  return await candidateOf(turn, run);
}

async function candidateOf({ deps, row }: Turn, run: PipelineRun): Promise<Progress> {
  const runRef = { kind: 'pipeline-run', id: run.id } as const;
  const model = row.model ?? '';
  const made = await Promise.all(
    run.stages.map(async ({ runId }) => (runId === null ? [] : await deps.registry.versionsOfRun(runId))),
  );
  const versions = made.flat().filter((version) => version.model === model);
  if (versions.length === 0) {
    return stopped('failed', `pipeline run ${run.number} registered no version of ${model}`, { evidence: [runRef] });
  }
  const version = Math.max(...versions.map((each) => each.version));
  const evidence = [runRef, { kind: 'model-version', id: `${model}/${version}` } as const];
  const { aliases } = await deps.registry.getModel(model);
  const champion = aliases.find(({ alias }) => alias === 'champion')?.version;
  if (champion === version) {
    const reason = `training gave version ${version} again, which is the champion: nothing that it learns from has changed`;
    return stopped('refused', reason, { evidence, change: { version } });
  }
  return {
    kind: 'next',
    to: 'gates',
    change: { version },
    end: {
      status: 'pass',
      value: version,
      reason: `pipeline run ${run.number} made ${model}/${version}`,
      evidence,
      decisions: [],
    },
  };
}
