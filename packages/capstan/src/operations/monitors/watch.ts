import type { Cause } from '#kernel/cause';
import type { MonitorsDeps } from './deps.ts';
import { judgeFeatures } from './judge-features.ts';
import { judgeRealised } from './judge-performance.ts';
import { watchesOf, type Watch } from './model.ts';
import { recordWindow } from './record.ts';
import * as store from './store.ts';
import type { WatchedDeployment } from './watched.ts';
import { completeUntil, windowAt, type Window } from './window.ts';

/** After a long stop the windows are judged in portions, one portion a tick. */
const MOST_WINDOWS = 100;

/** Judges every window of a project that has closed by now and was not judged; oldest first, each once. */
export async function watchProject(deps: MonitorsDeps, projectName: string, cause: Cause): Promise<void> {
  const { declaration } = await deps.projects.get(projectName);
  const watches = watchesOf(declaration);
  if (watches.length === 0 || !declaration.deployment) return;
  for (const watch of watches) {
    const found = (await deps.deployments.list(projectName)).find(({ name }) => name === declaration.deployment?.name);
    if (!found) return;
    const deployment = { ...found, project: projectName };
    const labelDelayMs = Object.values(declaration.datasets).find(({ label }) => label)?.label?.arrives_after ?? 0;
    for (const window of await dueWindows(deps, watch, deployment, labelDelayMs)) {
      const watched = { watch, deployment, window };
      const judged = await (watch.watch === 'features' ? judgeFeatures : judgeRealised)(deps, watched);
      await recordWindow(deps, watched, judged, cause);
    }
  }
}

/** Closed windows with answers that were not judged, oldest first. Where nobody asked anything, there is nothing to judge. */
async function dueWindows(
  deps: MonitorsDeps,
  watch: Watch,
  { name, project }: WatchedDeployment,
  labelDelayMs: number,
): Promise<Window[]> {
  const now = deps.clock.now();
  let from = (await store.judgedUntil(deps.database.read, project, watch.name)) ?? EVER;
  const first = await deps.predictions.nextAnswer(name, from);
  // Looked at far more often than a window ends: no window is complete before its end has come.
  if (first === null || windowAt(watch.window, first).end > now) return [];
  const reach = await deps.predictions.reach(name);
  const complete =
    watch.watch === 'performance'
      ? completeUntil(now, reach.lastLabelled, labelDelayMs)
      : // Inputs that wait to be written may belong into any window: only what is overdue is judged without them.
        completeUntil(now, reach.isWhole ? reach.last : null, 0);
  const windows: Window[] = [];
  while (windows.length < MOST_WINDOWS) {
    const next = await deps.predictions.nextAnswer(name, from);
    if (next === null) break;
    const window = windowAt(watch.window, next);
    if (window.end > complete) break;
    windows.push(window);
    from = window.end;
  }
  return windows;
}

const EVER = -8.64e15;
