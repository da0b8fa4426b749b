import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionResult } from '#ports/executor';
import type { ActiveRun } from './active-run.ts';
import type { LockEntry, Stage } from '#kernel/pipeline-definition';
import { paramTexts } from '#kernel/param-texts';

/**
 * The numbers of a stage's metrics files; a name that two files have is told apart by the file.
 * @throws DomainError NOT_FOUND or INVALID_ARGUMENT for a file that is not there or holds no such thing
 */
export async function metricsOf(run: ActiveRun, stage: Stage): Promise<ReadonlyMap<string, number>> {
  const declared = stage.outputs.filter((output) => output.kind === 'metrics').map((output) => output.file);
  const metrics = new Map<string, number>();
  for (const file of [...declared, ...stage.metricsFiles]) {
    for (const [name, value] of await run.deps.format.readMetrics(join(run.folder, file))) {
      metrics.set(metrics.has(name) ? `${file}/${name}` : name, value);
    }
  }
  return metrics;
}

/** Adds to an attempt's experiment run what the platform knows of it: parameters, metrics, resources, packages. */
export async function logResult(
  run: ActiveRun,
  runId: string,
  made: { entry: LockEntry; metrics: ReadonlyMap<string, number>; result: ExecutionResult },
): Promise<void> {
  const { tracker, clock, blobs } = run.deps;
  await tracker.logParams(runId, paramTexts(made.entry.params), run.cause);
  await tracker.logMetrics(runId, new Map([...made.metrics, ...usageOf(made.result)]), clock.now(), run.cause);
  const { freezeFile } = run.environment;
  if (freezeFile === undefined) return;
  const freeze = await blobs.put(createReadStream(freezeFile));
  await tracker.attach(runId, { path: 'environment.txt', ...freeze }, run.cause);
}

/** Named as MLflow names what it measures of a system. */
function usageOf({ durationMs, cpuMs, peakMemoryBytes }: ExecutionResult): ReadonlyMap<string, number> {
  return new Map([
    ['system/duration_seconds', durationMs / 1000],
    ...(cpuMs === null ? [] : [['system/cpu_seconds', cpuMs / 1000] as const]),
    ...(peakMemoryBytes === null ? [] : [['system/peak_memory_megabytes', peakMemoryBytes / 1e6] as const]),
  ]);
}
