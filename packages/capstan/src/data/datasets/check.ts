import type { DatasetVersion } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import { assertTransition } from '#kernel/state-machine';
import type { DatasetsDeps } from './deps.ts';
import { versionTransitions, type Settlement, type Split } from './model.ts';
import * as store from './store.ts';

/** The fact names so many broken expectations at most; the report has them all. */
const MAX_FAILED_IN_FACT = 50;

/** Puts a quarantined version back to pending and asks for its check. A pending one is under way already. */
export async function requestCheck(
  deps: DatasetsDeps,
  writer: Writer,
  version: DatasetVersion,
  cause: Cause,
): Promise<DatasetVersion> {
  if (version.status === 'pending') return version;
  assertTransition(versionTransitions, `Version ${version.number} of ${version.dataset}`, version.status, 'pending');
  await store.reopen(writer, version.id);
  await deps.events.append(writer, cause, {
    type: 'dataset-version.recheck-requested',
    project: version.project,
    subject: `dataset-version:${version.id}`,
    payload: { versionId: version.id, dataset: version.dataset, number: version.number },
  });
  return { ...version, status: 'pending' };
}

/** Ends a check. A version that is no longer pending stays as it is: the check ran twice, or another was asked for. */
export function settleCheck(deps: DatasetsDeps, settlement: Settlement, cause: Cause): Promise<DatasetVersion> {
  return deps.database.write(async (writer) => {
    const version = await store.find(writer, settlement.versionId);
    if (!version) throw notFound('dataset version', settlement.versionId);
    if (version.status !== 'pending') return version;
    const checkedAt = deps.clock.now();
    await store.settle(writer, settlement, checkedAt);
    const failed = settlement.report.results.filter((result) => !result.passed).slice(0, MAX_FAILED_IN_FACT);
    await deps.events.append(writer, cause, {
      type: 'dataset-version.checked',
      project: version.project,
      subject: `dataset-version:${version.id}`,
      payload: {
        versionId: version.id,
        dataset: version.dataset,
        number: version.number,
        verdict: settlement.status,
        failed: failed.map(({ rule, column, severity, failedRows }) => ({ rule, column, severity, failedRows })),
      },
    });
    const { status, report, profiled, split } = settlement;
    if (split) await appendQuarantined(deps, writer, version, split, cause);
    return {
      ...version,
      ...split?.content,
      quarantine: split?.quarantine ?? null,
      quarantinedRows: split?.quarantine.rows ?? 0,
      status,
      report,
      profile: profiled?.profile ?? null,
      eventTime: profiled?.eventTime ?? null,
      checkedAt,
    };
  });
}

function appendQuarantined(
  deps: DatasetsDeps,
  writer: Writer,
  version: DatasetVersion,
  { content, quarantine }: Split,
  cause: Cause,
): Promise<unknown> {
  const { id: versionId, dataset, number, project } = version;
  return deps.events.append(writer, cause, {
    type: 'dataset-version.rows-quarantined',
    project,
    subject: `dataset-version:${versionId}`,
    payload: {
      versionId,
      dataset,
      number,
      registeredDigest: quarantine.registered.digest,
      digest: content.digest,
      rows: content.rows,
      quarantinedRows: quarantine.rows,
      rules: quarantine.rules.slice(0, MAX_FAILED_IN_FACT).map(({ rule, column, rows }) => ({ rule, column, rows })),
    },
  });
}
