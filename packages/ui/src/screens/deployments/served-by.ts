import type { DeploymentReply } from '../../app/replies.ts';

/** How many of the replicas that report can answer with what takes traffic: the champion, before the first the candidate. */
export function servedBy({ champion, rollout, replicas }: DeploymentReply): {
  readonly serving: number;
  readonly reporting: number;
} {
  const revision = champion?.number ?? rollout?.revision;
  const current = replicas.filter((replica) => replica.isCurrent);
  const serving = current.filter((replica) => revision !== undefined && replica.revisions.includes(revision));
  return { serving: serving.length, reporting: current.length };
}
