import type { Client } from '@capstan/client';
import { invalid, notFound } from '#kernel/errors';
import { onlyProject } from './only-project.ts';

type Summary = Awaited<ReturnType<Client['datasets']['versions']>>['items'][number];

/** What people call a version: its id, `DATASET` for the newest accepted one, or `DATASET@NUMBER`. */
export interface VersionName {
  readonly dataset: string;
  /** Undefined: the newest accepted one. */
  readonly number: number | undefined;
}

/** @throws DomainError INVALID_ARGUMENT */
export function readVersionName(text: string): VersionName {
  const [, dataset = '', , number] = /^([a-z0-9][a-z0-9-]*)(@v?(\d{1,9}))?$/.exec(text) ?? [];
  if (dataset === '' || number === '0') {
    throw invalid(`'${text}' names no version`, {
      field: 'version',
      hint: 'Write DATASET for its newest accepted version, DATASET@NUMBER, or the id of a version (dv_…).',
    });
  }
  return { dataset, number: number === undefined ? undefined : Number(number) };
}

/**
 * The id of the version that a person means. `project` may be left out where there is only one.
 * @throws DomainError INVALID_ARGUMENT, NOT_FOUND; ApiError
 */
export async function findVersion(client: Client, text: string, project: string | undefined): Promise<string> {
  if (text.startsWith('dv_')) return text;
  const { dataset, number } = readVersionName(text);
  const of = project ?? (await onlyProject(client));
  const query = number === undefined ? { status: 'accepted' as const, limit: 50 } : { number, limit: 1 };
  const { items } = await client.datasets.versions({ params: { project: of, dataset }, query });
  // Cuts are versions of their own; the newest is a snapshot.
  const found: Summary | undefined = number === undefined ? items.find(({ origin }) => origin !== 'derived') : items[0];
  if (found) return found.id;
  throw notFound(number === undefined ? `accepted version of ${dataset} in` : `version ${number} of ${dataset} in`, of);
}
