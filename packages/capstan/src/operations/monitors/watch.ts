import type { Deployment } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import type { MonitorsDeps } from './deps.ts';
import { judgeFeatures } from './judge-features.ts';
import { judgeRealised } from './judge-performance.ts';
import { watchesOf, type Watch } from './model.ts';
import { recordWindow } from './record.ts';
import * as store from './store.ts';
import { completeUntil, windowsBetween, type Window } from './window.ts';

/** After a long stop the windows are judged in portions, one portion a tick. */
const MOST_WINDOWS = 100;

/** Judges every window of a project that has closed by now and was not judged; oldest first, each once. */
export async function watchProject(deps: MonitorsDeps, projectName: string, cause: Cause): Promise<void> {
  const { declaration } = await deps.projects.get(projectName);
  const watches = watchesOf(declaration);
  if (watches.length === 0 || !declaration.deployment) return;
  for (const watch of watches) {
    const deployment = (await deps.deployments.list(projectName)).find(
      ({ name }) => name === declaration.deployment?.name,
    );
    if (!deployment) return;
    const labelDelayMs = Object.values(declaration.datasets).find(({ label }) => label)?.label?.arrives_after ?? 0;
    for (const window of await dueWindows(deps, watch, deployment, labelDelayMs)) {
      const watched = { watch, deployment, window };
      const judged = await (watch.watch === 'features' ? judgeFeatures : judgeRealised)(deps, watched);
      await recordWindow(deps, watched, judged, cause);
    }
  }
}

async function dueWindows(
  deps: MonitorsDeps,
  watch: Watch,
  { name, project }: Deployment,
  labelDelayMs: number,
): Promise<Window[]> {
  const now = deps.clock.now();
  const reach = await deps.predictions.reach(name);
  if (reach.first === null) return [];
  const complete =
    watch.watch === 'performance'
      ? completeUntil(now, reach.lastLabelled, labelDelayMs)
      : // Inputs that wait to be written may belong into any window: only what is overdue is judged without them.
        completeUntil(now, reach.isWhole ? reach.last : null, 0);
  const judged = await store.judgedUntil(deps.database.read, project, watch.name);
  return windowsBetween(watch.window, judged ?? reach.first, complete, MOST_WINDOWS);
}
