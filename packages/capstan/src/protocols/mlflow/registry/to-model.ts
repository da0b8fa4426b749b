import { checkModelName, type KeyValue, type ModelVersion, type RegisteredModel } from '#model/registry';
import { listed, optional } from '../wire/json-reply.ts';
import { required } from '../wire/require.ts';

export function toModel(model: RegisteredModel): object {
  return {
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    ...optional('description', model.description || undefined),
    ...listed('latest_versions', model.latestVersions.map(toVersion)),
    ...listed('tags', model.tags),
    ...listed(
      'aliases',
      model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    ),
  };
}

export function toVersion(version: ModelVersion): object {
  return {
    name: version.model,
    version: String(version.version),
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    current_stage: version.stage,
    ...optional('description', version.description),
    source: version.source,
    run_id: version.runId ?? '',
    status: 'READY',
    run_link: version.runLink ?? '',
    ...listed('tags', version.tags),
    ...listed('aliases', version.aliases),
    ...optional('model_id', version.loggedModelId),
  };
}

/** The name of a registered model in a request. @throws DomainError INVALID_ARGUMENT also where no model can have it */
export function nameIn(name: string | undefined): string {
  const given = required('name', name);
  checkModelName(given);
  return given;
}

/** A tag or param as sent: the value may be left out. @throws DomainError INVALID_ARGUMENT */
export function keyed({ key, value }: { key?: string; value?: string }): KeyValue {
  return { key: required('key', key), value: value ?? '' };
}
