import { notFound } from '#kernel/errors';

/** The revision that a version names; undefined where none is named. @throws DomainError NOT_FOUND for what no revision can be */
export function revisionNumber(model: string, version: string | undefined): number | undefined {
  if (version === undefined || version === '') return undefined;
  const revision = Number(version);
  if (/^[1-9]\d*$/.test(version) && Number.isSafeInteger(revision)) return revision;
  throw notFound('version', `${model}/${version}`, 'Versions are the numbers of revisions.');
}
