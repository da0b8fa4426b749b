import type { DeploymentsDeps } from './deps.ts';
import { markSilent } from './replicas.ts';

/** One whose connection broke comes back within a second; one that was killed does not. Real time. */
const COMES_BACK_MS = 2_000;

/**
 * Finds replicas that were killed long before their reports are missed: each waits for the next snapshot nearly always, and
 * the kernel ends that connection with its process. Returns what is told of each wait that begins, with the signal that is
 * aborted when its caller hangs up.
 */
export function watchWaits(deps: Pick<DeploymentsDeps, 'database'>): (replica: string, signal: AbortSignal) => void {
  const newest = new Map<string, AbortSignal>();
  return (replica, signal) => {
    newest.set(replica, signal);
    const onHungUp = (): void => {
      const hungUpAt = Date.now();
      const look = async (): Promise<void> => {
        // Whoever waits again is there; so is a control plane that stops, which does not live to this.
        if (newest.get(replica) !== signal) return;
        newest.delete(replica);
        await markSilent(deps, replica, hungUpAt);
      };
      // Where that cannot be written, its reports are missed a little later.
      setTimeout(() => void look().catch(() => {}), COMES_BACK_MS).unref();
    };
    signal.addEventListener('abort', onHungUp, { once: true });
  };
}
