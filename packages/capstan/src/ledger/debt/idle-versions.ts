import type { EvidenceRef } from '@capstan/api';
import { clear, owed, PERIOD_DAYS, unmeasured, type Finding } from './model.ts';

export interface VersionFacts {
  readonly model: string;
  readonly version: number;
  /** Null where its files cannot be looked at. */
  readonly sizeBytes: number | null;
  /** It is served by a route, is champion, or was made within the period. */
  readonly isWanted: boolean;
  /** Answers in the period. */
  readonly answers: number;
}

export interface RouteFacts {
  readonly deployment: string;
  readonly revision: number;
  readonly share: number;
  readonly answers: number;
  /** Of all routes of its deployment. */
  readonly deploymentAnswers: number;
}

const SHOWN = 10;

/** Versions that nobody asks for and routes that nothing takes ("dead experimental codepaths", Sculley et al. 2015, section 5). */
export function judgePaths(versions: readonly VersionFacts[], routes: readonly RouteFacts[]): Finding[] {
  return [judgeVersions(versions), ...judgeRoutes(routes)];
}

function judgeVersions(versions: readonly VersionFacts[]): Finding {
  const named = { key: 'idle-versions', detector: 'idle-versions', title: 'Model versions without traffic' } as const;
  if (versions.length === 0) return unmeasured({ ...named, reason: 'there is no model version yet', repay: null });
  const idle = versions.filter(({ isWanted, answers }) => !isWanted && answers === 0);
  if (idle.length === 0) {
    const reason = `each of ${versions.length} versions is served, or was made or asked in the last ${PERIOD_DAYS} d`;
    return clear({ ...named, reason });
  }
  const known = idle.filter(({ sizeBytes }) => sizeBytes !== null);
  const bytes = known.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const evidence: EvidenceRef[] = idle
    .slice(0, SHOWN)
    .map(({ model, version }) => ({ kind: 'model-version', id: `${model}/${version}` }));
  const [first] = idle;
  return owed({
    ...named,
    reason: `${idle.length} of ${versions.length} versions had no answer in ${PERIOD_DAYS} d and none serves: ${idle
      .slice(0, SHOWN)
      .map(({ version }) => `v${version}`)
      .join(', ')}${idle.length > SHOWN ? ', …' : ''}`,
    principal: { value: idle.length, unit: 'versions', how: 'callable paths that nobody takes' },
    interest:
      known.length === 0
        ? null
        : {
            value: (bytes / 1e6) * PERIOD_DAYS,
            unit: `MB·days in ${PERIOD_DAYS} d`,
            how: `${(bytes / 1e6).toFixed(1)} MB of ${known.length} versions kept for ${PERIOD_DAYS} d`,
          },
    repay: `Delete what nobody will ask for, e.g. MlflowClient().delete_model_version("${first?.model ?? ''}", "${first?.version ?? ''}").`,
    evidence,
  });
}

function judgeRoutes(routes: readonly RouteFacts[]): Finding[] {
  return routes
    .filter(({ share, answers, deploymentAnswers }) => share > 0 && answers === 0 && deploymentAnswers > 0)
    .map(({ deployment, revision, share }) =>
      owed({
        key: `idle-versions:route:${deployment}/${revision}`,
        detector: 'idle-versions',
        title: `Route of ${deployment} that nothing takes`,
        reason: `revision ${revision} has ${(share * 100).toFixed(1)} % of the traffic and gave no answer in ${PERIOD_DAYS} d`,
        principal: { value: 1, unit: 'route', how: 'callable paths that nobody takes' },
        interest: null,
        repay: `Roll back or promote it: the page of ${deployment} has both.`,
        evidence: [{ kind: 'deployment', id: deployment }],
      }),
    );
}
