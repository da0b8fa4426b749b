import type { DeploymentReply } from '../../app/replies.ts';
import type { Share } from '../../design/share-bar.tsx';

/** The routes of a deployment as shares of its traffic: champion and canary, or the fallback while the breaker is open. */
export function routesOf({ champion, rollout, breaker }: DeploymentReply): readonly Share[] {
  const stage = rollout?.plan[rollout.stage];
  const canaryShare = stage?.kind === 'canary' ? stage.share : stage?.kind === 'full' ? 1 : 0;
  const shares: Share[] = [];
  if (breaker.state === 'open') {
    shares.push({
      key: 'fallback',
      label: `${breaker.mode.replaceAll('-', ' ')} (breaker open)`,
      share: 1 - canaryShare,
    });
  } else if (champion && canaryShare < 1) {
    shares.push({ key: 'champion', label: `champion v${champion.version}`, share: 1 - canaryShare });
  }
  if (rollout && canaryShare > 0)
    shares.push({ key: 'canary', label: `canary, revision ${rollout.revision}`, share: canaryShare });
  return shares.filter((part) => part.share > 0);
}

export interface Split {
  readonly rollout: string;
  readonly revision: number;
  readonly share: number;
}

/** The split by hand that is under way: nothing judges it, and it stays as it is until somebody decides. */
export function splitOf(rollout: DeploymentReply['rollout']): Split | undefined {
  const stage = rollout?.plan[rollout.stage];
  if (!rollout || rollout.state !== 'held' || rollout.guards || stage?.kind !== 'canary') return undefined;
  return { rollout: rollout.id, revision: rollout.revision, share: stage.share };
}
