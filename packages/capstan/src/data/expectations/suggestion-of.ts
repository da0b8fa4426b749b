import type { DatasetVersion } from '@capstan/api';
import { conflict } from '#kernel/errors';
import type { ExpectationsDeps } from './deps.ts';
import { suggestRules, type SuggestedRule } from './suggest.ts';
import { textFacts } from './text-facts.ts';
import { writeSuite } from './write-suite.ts';

export interface Suggestion {
  readonly rules: readonly SuggestedRule[];
  /** The file. */
  readonly text: string;
}

/** A first suite for a version that has its profile. @throws DomainError CONFLICT where it has none; DATA_LOSS */
export async function suggestionOf(
  { datasets, analytics }: Pick<ExpectationsDeps, 'datasets' | 'analytics'>,
  version: DatasetVersion,
  signal?: AbortSignal,
): Promise<Suggestion> {
  const { profile, dataset, number, rows, status } = version;
  if (!profile) {
    throw conflict(`Version ${number} of ${dataset} has no profile to make rules from`, {
      hint: status === 'pending' ? 'Its check is under way; try again in a moment.' : 'Its content cannot be read.',
    });
  }
  const files = await datasets.filesToCheck(version.id);
  const texts = await textFacts(
    (sql) => analytics.query({ tables: { data: files }, sql, ...(signal && { signal }) }),
    version.columns.filter(({ type }) => type === 'text'),
  );
  const rules = suggestRules({ version, columns: profile.columns, isExact: profile.isExact, texts });
  const head = [
    `Suggested from version ${number} of ${dataset}: ${rows} rows, each rule with what it was made from. All of them hold there.`,
    ...(status === 'quarantined'
      ? ['That version is in quarantine: what is wrong with it may be among these rules.']
      : []),
    'A start, not a contract: make ranges tighter where you know better, and add checks across columns.',
  ];
  return { rules, text: writeSuite(head, rules) };
}
