import type { Database, Writer } from '#database';
import type { Events } from '#events';
import { DomainError } from '#kernel/errors';
import type { Experiments } from '#model/experiments';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { findModel, type ModelRow } from './model.store.ts';
import { refuseSeparators } from './naming.ts';
import { findVersion, type VersionRow } from './version.store.ts';

export interface RegistryDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: BlobStore;
  readonly experiments: Experiments;
}

/** @throws DomainError NOT_FOUND */
export async function requireModel(reader: Writer, name: string): Promise<ModelRow> {
  refuseSeparators(name);
  const model = await findModel(reader, name);
  if (!model) throw new DomainError('NOT_FOUND', `Registered Model with name=${name} not found`, { field: 'name' });
  return model;
}

/** @throws DomainError NOT_FOUND */
export async function requireVersion(reader: Writer, model: string, version: number): Promise<VersionRow> {
  refuseSeparators(model);
  const row = await findVersion(reader, model, version);
  if (!row) {
    throw new DomainError('NOT_FOUND', `Model Version (name=${model}, version=${version}) not found`, {
      field: 'version',
    });
  }
  return row;
}

/** Facts of a model belong to the project its versions come from. */
export function aboutModel({ name, project }: { readonly name: string; readonly project: string | null }) {
  return { ...(project !== null && { project }), subject: `model:${name}` };
}

export function aboutVersion(model: { readonly name: string; readonly project: string | null }, version: number) {
  return { ...aboutModel(model), subject: `model-version:${model.name}/${version}` };
}

/** What was asked for, or undefined where there is no such thing. */
export async function orNone<Found>(finding: Promise<Found>): Promise<Found | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
