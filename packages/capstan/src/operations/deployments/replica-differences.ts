import type { ReplicaReport, ServedDeployment } from '@capstan/api';
import { canonicalJson } from '#kernel/canonical-json';

/** What a replica does otherwise than it was told; of all deployments where none is named. */
export interface Difference {
  readonly deployment: string | null;
  readonly reason: string;
}

/** So long a replica may stay on an older state than the published one: it loads models meanwhile. Real time. */
const MAX_BEHIND_MS = 60_000;

/**
 * How a replica differs from what is published, one difference for each deployment at most. Candidates are left to their
 * rollouts, which judge them.
 * @param behindMs for how long it has reported the same older state; 0 where that is the published one
 */
export function replicaDifferences(
  report: Pick<ReplicaReport, 'serving' | 'failures'>,
  published: readonly ServedDeployment[],
  behindMs: number,
): Difference[] {
  const found = published.flatMap((deployment) => {
    const reason = servesOtherwise(report, deployment) ?? failsChampion(report, deployment);
    return reason === undefined ? [] : [{ deployment: deployment.name, reason }];
  });
  if (behindMs <= MAX_BEHIND_MS) return found;
  const reason = `it has been serving an older state than the published one for over ${MAX_BEHIND_MS / 1_000} s`;
  return [...found, { deployment: null, reason }];
}

function servesOtherwise(
  { serving }: Pick<ReplicaReport, 'serving'>,
  { name, routes, warm, breaker: { lastKnownGood } }: ServedDeployment,
): string | undefined {
  const settled = routes.filter(({ role }) => role === 'champion');
  const known = [...settled, ...warm, ...(lastKnownGood ? [lastKnownGood] : [])];
  for (const { deployment, revision, digest, settings = {} } of serving) {
    const route = deployment === name ? known.find((one) => one.revision === revision) : undefined;
    // Older data planes do not tell what they have loaded.
    if (!route || digest === undefined) continue;
    if (digest !== route.digest) return `its revision ${revision} is ${digest}, not ${route.digest}`;
    const [has, wanted] = [settings, route.serving ?? {}].map(canonicalJson);
    if (has !== wanted) return `its revision ${revision} runs with the settings ${has}, not ${wanted}`;
  }
  return undefined;
}

function failsChampion(
  { failures }: Pick<ReplicaReport, 'failures'>,
  { name, routes }: ServedDeployment,
): string | undefined {
  const champion = routes.find(({ role }) => role === 'champion');
  const failure = failures.find((one) => one.deployment === name && one.revision === champion?.revision);
  return failure && `it cannot serve revision ${failure.revision}, the champion: ${failure.reason}`;
}
