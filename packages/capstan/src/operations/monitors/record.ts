import type { Cause } from '#kernel/cause';
import type { MonitorsDeps } from './deps.ts';
import { alertChange, kindOf } from './model.ts';
import * as store from './store.ts';
import type { Judged, Watched } from './watched.ts';

/** Stores what came of a window with its fact, and what it means for the alert. The same window again has no effect. */
export async function recordWindow(
  deps: MonitorsDeps,
  { watch, deployment, window }: Watched,
  judged: Judged,
  cause: Cause,
): Promise<void> {
  const { database, events, clock, ids } = deps;
  const { project } = deployment;
  const monitor = watch.name;
  const now = clock.now();
  const kind = kindOf(watch);
  const subject = `monitor:${project}/${monitor}`;
  const ofMonitor = { monitor, deployment: deployment.name };
  const span = { from: window.start, before: window.end };
  await database.write(async (writer) => {
    if (await store.hasWindow(writer, project, monitor, window.start)) return;
    const { verdict, reason, n, revision } = judged;
    const { seq } = await events.append(writer, cause, {
      type: 'monitor-window.judged',
      project,
      subject,
      payload: { ...ofMonitor, ...span, verdict, reason, n },
    });
    await store.insertWindow(writer, { project, monitor, window, judged, eventSeq: seq, at: now });
    const because = { ...cause, causationSeq: seq };
    const standing = await store.standingAlert(writer, project, monitor);
    const { resolve, raise } = alertChange(judged, standing);
    if (standing && resolve !== null) {
      await store.resolveAlert(writer, standing.id, resolve, now);
      await events.append(writer, because, {
        type: 'monitor-alert.resolved',
        project,
        subject,
        payload: { ...ofMonitor, alert: standing.id, kind, reason: resolve },
      });
    }
    if (!raise) return;
    const alert = ids.next('al');
    const raised = await events.append(writer, because, {
      type: 'monitor-alert.raised',
      project,
      subject,
      payload: { ...ofMonitor, ...span, alert, kind, reason },
    });
    await store.insertAlert(writer, {
      id: alert,
      project,
      monitor,
      kind,
      reason,
      window_from: window.start,
      window_before: window.end,
      revision,
      event_seq: raised.seq,
      raised_at: now,
      resolved_at: null,
      resolution: null,
    });
  });
}
