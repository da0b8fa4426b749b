import type { DebtLedger } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { valueMatrixOf } from '#operations/deployments';
import type { DebtDeps } from './deps.ts';
import { callerFacts, countAnswers, featureFacts, gather, inputFacts, routeFacts, versionFacts } from './gather.ts';
import { judgePaths } from './idle-versions.ts';
import { judgeLimit } from './missing-limit.ts';
import { changesBetween, inOrder, PERIOD_MS, unmeasured, type Finding } from './model.ts';
import * as store from './store.ts';
import { judgeThreshold } from './threshold-regret.ts';
import { judgeConsumers } from './undeclared-consumers.ts';
import { judgeInputs } from './unpinned-inputs.ts';
import { judgeFeatures } from './useless-features.ts';

export interface Debt {
  /** As it was measured last. @throws DomainError NOT_FOUND */
  ledger(project: string): Promise<DebtLedger>;
  /** Measures it, stores it, and tells what was found and what was repaid. @throws DomainError NOT_FOUND */
  measure(project: string, cause: Cause): Promise<DebtLedger>;
}

const SHOWN_REPAID = 50;

export function createDebt(deps: DebtDeps): Debt {
  async function ledger(project: string): Promise<DebtLedger> {
    await deps.projects.get(project);
    const [report, repaid] = await Promise.all([
      store.findReport(deps.database.read, project),
      store.repaidItems(deps.database.read, project, SHOWN_REPAID),
    ]);
    return { project, measuredAt: report?.measuredAt ?? null, items: report?.items ?? [], repaid };
  }
  return {
    ledger,
    async measure(project, cause) {
      const { charter } = (await deps.projects.get(project)).declaration;
      await record(deps, project, charter.owner, await findingsOf(deps, project), cause);
      return await ledger(project);
    },
  };
}

async function findingsOf(deps: DebtDeps, project: string): Promise<Finding[]> {
  const measured = await gather(deps, project);
  return [
    judgeInputs(await inputFacts(deps, measured)),
    ...judgePaths(await versionFacts(deps, measured), await routeFacts(deps, measured)),
    ...judgeFeatures(await featureFacts(deps, measured)),
    ...(await ofDeployment(deps, measured)),
  ];
}

async function ofDeployment(deps: DebtDeps, measured: Awaited<ReturnType<typeof gather>>): Promise<Finding[]> {
  const { deployment, declaration, now, answers } = measured;
  if (!deployment?.champion) {
    const reason = 'nothing is deployed yet';
    const of = { reason, repay: 'Let a turn of the cycle promote a version.' };
    return [
      unmeasured({
        ...of,
        key: 'threshold-regret',
        detector: 'threshold-regret',
        title: 'Regret of a fixed threshold',
      }),
      unmeasured({ ...of, key: 'missing-limit', detector: 'missing-limit', title: 'Limit on what may be lost' }),
      unmeasured({
        ...of,
        key: 'undeclared-consumers',
        detector: 'undeclared-consumers',
        title: 'Undeclared consumers',
      }),
    ];
  }
  const { charter } = declaration;
  const shared = {
    deployment: deployment.name,
    answersInPeriod: countAnswers(answers),
    prices: valueMatrixOf(charter),
    currency: charter.value.currency,
  };
  const window = { deployment: deployment.name, from: now - PERIOD_MS, to: now };
  return [
    judgeThreshold({
      ...shared,
      examples: await deps.predictions.labelled(window),
      threshold: deployment.champion.threshold,
    }),
    judgeLimit({
      ...shared,
      budget: charter.loss_budget ? { amount: charter.loss_budget.amount, windowMs: charter.loss_budget.window } : null,
      currentReplicas: deployment.replicas.filter(({ isCurrent }) => isCurrent).length,
    }),
    judgeConsumers(await callerFacts(deps, deployment.name, now)),
  ];
}

async function record(
  { database, events, clock }: DebtDeps,
  project: string,
  owner: string,
  findings: readonly Finding[],
  cause: Cause,
): Promise<void> {
  const now = clock.now();
  await database.write(async (writer) => {
    const standing = await store.standing(writer, project);
    const { found, repaid } = changesBetween(
      standing.map(({ key }) => key),
      findings,
    );
    for (const { key, detector, title, reason } of found) {
      await store.insertItem(writer, project, { key, title, since: now });
      await events.append(writer, cause, {
        type: 'debt-item.found',
        project,
        subject: `debt-item:${project}/${key}`,
        payload: { key, detector, title, reason },
      });
    }
    for (const { key, title } of standing.filter((each) => repaid.includes(each.key))) {
      await store.repayItem(writer, project, key, now);
      const looked = findings.find(({ detector }) => key.startsWith(detector));
      if (!looked) continue;
      await events.append(writer, cause, {
        type: 'debt-item.repaid',
        project,
        subject: `debt-item:${project}/${key}`,
        payload: { key, detector: looked.detector, title, reason: looked.reason },
      });
    }
    const since = new Map(standing.map((each) => [each.key, each.since]));
    const items = findings.map((finding) => {
      return { ...finding, owner, since: finding.state === 'owed' ? (since.get(finding.key) ?? now) : null };
    });
    await store.keepReport(writer, project, inOrder(items), now);
  });
}
