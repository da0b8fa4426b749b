import type { ReplicaReport, ServedDeployment, WithheldTraffic } from '@capstan/api';
import type { Difference } from './replica-differences.ts';

/** A difference, and when it began: real time. */
export interface DatedDifference extends Difference {
  readonly since: number;
}

/** What is known of a replica that reports. */
export type Standing = Pick<ReplicaReport, 'url' | 'portGroup' | 'serving'> & {
  readonly differences: readonly Difference[];
};

/** A difference from files or settings is borne for so long: a restart or another try may end it. Real time. */
const MAX_DIFFERING_MS = 60_000;

interface Circumstances {
  /** Deployments whose rollout waits for replicas. */
  readonly getsGoing: ReadonlySet<string>;
  /** Whether it was told so before: no rollout that begins then gives it requests again. */
  isWithheld(deployment: string): boolean;
  /** Real time. */
  readonly now: number;
}

/**
 * What a replica is to answer no more, since it differs and another replica does not: never a deployment that nobody else
 * answers as it is published, and none from the time on at which its rollout waits for replicas.
 * @param others those that have reported of late
 */
export function withheldFrom(
  self: Pick<Standing, 'url' | 'portGroup'> & { readonly differences: readonly DatedDifference[] },
  others: readonly Standing[],
  published: readonly ServedDeployment[],
  circumstances: Circumstances,
): WithheldTraffic | undefined {
  const { portGroup, url } = self;
  // Older data planes cannot be told.
  if (portGroup === undefined) return undefined;
  const deployments = published.flatMap((deployment) => {
    const reason = self.differences.find((found) => isDue(found, deployment.name, circumstances))?.reason;
    if (reason === undefined || !others.some((other) => answersAsPublished(other, deployment))) return [];
    return [{ deployment: deployment.name, reason }];
  });
  if (deployments.length === 0) return undefined;
  const leavesPort = others.some(
    (other) =>
      other.portGroup === portGroup &&
      other.url === url &&
      published.every((deployment) => isIdle(deployment) || answersAsPublished(other, deployment)),
  );
  return { deployments, leavesPort };
}

function isDue({ deployment, since }: DatedDifference, name: string, circumstances: Circumstances): boolean {
  const { getsGoing, isWithheld, now } = circumstances;
  if (deployment !== null && deployment !== name) return false;
  if (isWithheld(name)) return true;
  // An old state has been borne for as long before it counts as a difference; models of any rollout may hold it up.
  if (deployment === null) return getsGoing.size === 0;
  return !getsGoing.has(name) && now - since >= MAX_DIFFERING_MS;
}

function answersAsPublished({ serving, differences }: Standing, deployment: ServedDeployment): boolean {
  if (differences.some((found) => found.deployment === null || found.deployment === deployment.name)) return false;
  const main = mainRoute(deployment);
  return main !== undefined && serving.some((one) => one.deployment === deployment.name && one.revision === main);
}

function isIdle(deployment: ServedDeployment): boolean {
  return mainRoute(deployment) === undefined;
}

function mainRoute({ routes }: ServedDeployment): number | undefined {
  const answering = routes.filter(({ role }) => role !== 'shadow');
  return (answering.find(({ role }) => role === 'champion') ?? answering[0])?.revision;
}
