import type { DatasetColumn, ExpectationResult, RowCheck } from '@capstan/api';
import { DomainError, messageOf } from '#kernel/errors';
import { failed } from './model.ts';
import { checkRule, type RowRule } from './row-rules.ts';
import { scanRules, type ScanContext } from './scan.ts';

/** Whether the engine understands the statements; one that it does not is a finding about it alone. */
export async function understoodChecks(
  context: ScanContext,
  checks: readonly RowCheck[],
  columns: readonly DatasetColumn[],
): Promise<{ readonly rules: readonly RowRule[]; readonly results: readonly ExpectationResult[] }> {
  const rules: RowRule[] = [];
  const results: ExpectationResult[] = [];
  for (const check of checks) {
    const rule = checkRule(check, columns);
    // As it will stand in the scan, or windows and the like would be taken here and refused there.
    const sql = `explain select count(*) filter (where ${rule.violation}) from data_rows`;
    const fault = await faultOf(context, () =>
      context.analytics.query({
        tables: { data: context.files },
        sql,
        ...(context.signal && { signal: context.signal }),
      }),
    );
    if (fault === undefined) rules.push(rule);
    else results.push(failed(rule.rule, `cannot be evaluated: ${fault}`));
  }
  return { rules, results };
}

/** Counts the statements by themselves, one after another: for when a value in some row stopped the scan of all. */
export async function scanChecksAlone(context: ScanContext, rules: readonly RowRule[]): Promise<ExpectationResult[]> {
  const results: ExpectationResult[] = [];
  for (const rule of rules) {
    let found: ExpectationResult[] = [];
    const fault = await faultOf(context, async () => {
      found = await scanRules(context, [rule], []);
    });
    results.push(...(fault === undefined ? found : [failed(rule.rule, `cannot be evaluated: ${fault}`)]));
  }
  return results;
}

/** The engine's words where the statement is at fault; whatever else goes wrong is thrown. */
async function faultOf({ signal }: ScanContext, work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DomainError && error.code !== 'INVALID_ARGUMENT') throw error;
    return (messageOf(error).split('\n', 1)[0] ?? '').replace(/^.* cannot be read: /, '').slice(0, 300);
  }
}
