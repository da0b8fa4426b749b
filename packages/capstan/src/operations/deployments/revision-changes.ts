import { servingDifferences, type Revision } from '@capstan/api';
import { canonicalJson } from '#kernel/canonical-json';

/** What a revision has otherwise than the one before it, in words; none where they are equal. */
export function revisionChanges(before: Revision, after: Revision): string[] {
  const changes: string[] = [];
  if (before.model !== after.model) changes.push(`model ${before.model} → ${after.model}`);
  if (before.version !== after.version) changes.push(`version ${before.version} → ${after.version}`);
  if (before.flavor !== after.flavor) changes.push(`flavor ${before.flavor} → ${after.flavor}`);
  if (before.threshold !== after.threshold)
    changes.push(`threshold ${before.threshold.toFixed(3)} → ${after.threshold.toFixed(3)}`);
  for (const column of new Set([...Object.keys(before.inputAdapters), ...Object.keys(after.inputAdapters)])) {
    const [was, is] = [before, after].map(({ inputAdapters }) => canonicalJson(inputAdapters[column] ?? null));
    if (was !== is) changes.push(`conversion of ${column}`);
  }
  return [...changes, ...servingDifferences(before.serving, after.serving)];
}
