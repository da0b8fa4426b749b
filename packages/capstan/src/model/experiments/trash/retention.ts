// How long something may lie in the trash before it is purged. Pure.
import { durationText } from '@capstan/api';
import { invalid } from '#kernel/errors';
import type { KeyValue } from '../model.ts';

/** Tag of an experiment that overrules the installation for all that lies in it: `30d`, or `never`. */
export const RETENTION_TAG = 'capstan.trashRetention';

const NEVER = 'never';

/** @throws DomainError INVALID_ARGUMENT for a retention tag that is neither a length of time nor `never` */
export function checkRetentionTag({ key, value }: KeyValue): void {
  if (key !== RETENTION_TAG || value === NEVER || durationText.safeParse(value).success) return;
  throw invalid(`The tag ${RETENTION_TAG} cannot be '${value}'`, {
    field: 'value',
    hint: "Write a length of time such as 30d, or 'never'.",
  });
}

/** Milliseconds that something may stay, null for ever. A tag that nobody can read keeps things. */
export function limitOf(tag: string | null, installationMs: number | null): number | null {
  if (tag === null) return installationMs;
  const parsed = durationText.safeParse(tag);
  return parsed.success ? parsed.data : null;
}
