import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid, notFound } from '#kernel/errors';
import { isArtifactRoot } from '#model/experiments';
import { findAlias } from './alias.store.ts';
import { orNone, requireModel, requireVersion, type RegistryDeps } from './deps.ts';
import { nextVersion, updateModel } from './model.store.ts';
import { isPromptTag, lastOfEachKey, stageOf, stages, type KeyValue, type ModelVersion, type Stage } from './model.ts';
import { checkAliasText, checkDescription, checkTag, checkText } from './naming.ts';
import { descriptionChanges, factDescription, factValues, record, tagChanges } from './record.ts';
import { newestOf } from './search.store.ts';
import { resolveSource } from './source.ts';
import * as store from './version.store.ts';

export interface NewVersion {
  readonly model: string;
  /** `models:/m-…`, `runs:/…`, `mlflow-artifacts:/…`, another version, or an object store's URI. */
  readonly source: string;
  readonly runId?: string | undefined;
  readonly loggedModelId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
  readonly cause: Cause;
}

export interface VersionKey {
  readonly model: string;
  readonly version: number;
}

export interface VersionUseCases {
  /** The number is the greatest ever under the name plus one. @throws DomainError NOT_FOUND, INVALID_ARGUMENT for the source */
  createVersion(version: NewVersion): Promise<ModelVersion>;
  /** @throws DomainError NOT_FOUND */
  getVersion(model: string, version: number): Promise<ModelVersion>;
  /** @throws DomainError NOT_FOUND for the model, INVALID_ARGUMENT when it has no such alias */
  getVersionByAlias(model: string, alias: string): Promise<ModelVersion>;
  /** Versions made from a run, newest first. */
  versionsOfRun(runId: string): Promise<readonly ModelVersion[]>;
  /** The newest of each stage, or of these stages; `None` is a stage too. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  latestVersions(model: string, stageNames: readonly string[]): Promise<readonly ModelVersion[]>;
}

export function versionUseCases(deps: RegistryDeps): VersionUseCases {
  const { database, clock } = deps;
  const get = (model: string, version: number) => loadVersion(database, model, version);

  async function getByAlias(model: string, alias: string): Promise<ModelVersion> {
    checkAliasText(alias);
    const row = await requireModel(database.read, model);
    const version =
      alias.toLowerCase() === 'latest'
        ? await newestOf(database.read, row.id)
        : await findAlias(database.read, row.id, alias);
    if (version === undefined && alias.toLowerCase() === 'latest') {
      throw new DomainError('NOT_FOUND', `Latest version not found for model ${model}.`, { field: 'alias' });
    }
    if (version === undefined) throw invalid(`Registered model alias ${alias} not found.`, { field: 'alias' });
    return await get(model, version);
  }

  /** By what follows the name in `models:/NAME/…` and `models:/NAME@…`: a number, a stage, `latest` or an alias. */
  async function getByReference(model: string, reference: string): Promise<ModelVersion> {
    if (reference.startsWith('@')) return await getByAlias(model, reference.slice(1));
    if (reference.toLowerCase() === 'latest') return await getByAlias(model, reference);
    const stage = stageOf(reference);
    if (stage === undefined) return await get(model, versionNumber(reference));
    const latest = await store.latestOfStages(database.read, [await requireModel(database.read, model)]);
    const found = latest.find((version) => version.stage === stage);
    if (!found) throw notFound('version', reference, `No version of ${model} is in that stage.`);
    return found;
  }

  /** Project of the experiment whose run or logged model a version comes from. */
  async function projectOf(runId: string | null, loggedModelId: string | null): Promise<string | null> {
    const { experiments } = deps;
    // Ids of runs elsewhere are taken with sources elsewhere.
    const origin =
      (runId === null ? undefined : await orNone(experiments.getRun(runId))) ??
      (loggedModelId === null ? undefined : await orNone(experiments.getLoggedModel(loggedModelId)));
    if (!origin) return null;
    const { name } = await experiments.getExperiment(origin.experimentId);
    return /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(name) ? name : null;
  }

  return {
    async createVersion(input) {
      const { model, description, cause } = input;
      checkDescription(description ?? '');
      checkText('run_link', input.runLink ?? '', 2_000);
      for (const tag of input.tags ?? []) checkTag(tag);
      const tags = lastOfEachKey(input.tags ?? []);
      const resolved = await resolveSource(
        { experiments: deps.experiments, findVersion: getByReference },
        { source: input.source, runId: input.runId, loggedModelId: input.loggedModelId, tags },
      );
      await requireModel(database.read, model);
      const { source, runId, loggedModelId } = resolved;
      const project = await projectOf(runId, loggedModelId);
      const version = await database.write(async (writer) => {
        const row = await requireModel(writer, model);
        // Purged since it was found: purges wait for this transaction, or have been before it.
        if (resolved.files && !(await isArtifactRoot(writer, resolved.files.root))) throw notFound('files', source);
        const number = await nextVersion(writer, model);
        const at = clock.now();
        await store.insertVersion(writer, {
          model_id: row.id,
          version: number,
          source,
          artifact_root: resolved.files?.root ?? null,
          artifact_path: resolved.files?.path ?? null,
          files_uri: resolved.filesUri ?? null,
          run_id: runId,
          logged_model_id: loggedModelId,
          run_link: input.runLink ?? null,
          description: description ?? null,
          stage: 'None',
          created_by: cause.actor,
          created_at: at,
          updated_at: at,
        });
        await store.putVersionTags(writer, { model_id: row.id, version: number }, tags);
        const owner = row.project ?? project;
        await updateModel(writer, row.id, { ...(owner !== null && { project: owner }) }, at);
        await record(deps, writer, {
          model: { ...row, project: owner },
          cause,
          type: 'model-version.created',
          version: number,
          payload: {
            model,
            version: number,
            source,
            ...(runId !== null && { runId }),
            ...(loggedModelId !== null && { loggedModelId }),
            ...factDescription(description),
            ...factValues(tags),
          },
          changes: [
            { kind: 'version.created', version: number, key: '', from: null, to: source },
            ...descriptionChanges(description, number),
            ...tagChanges(tags, number),
          ],
          // Of a prompt's version its own tag says so, in MLflow's webhooks.
          isPrompt: tags.some(isPromptTag),
        });
        // As MLflow: of a model that was named, by itself or by the version that is copied.
        const named = input.loggedModelId ?? (source.startsWith('models:/') ? loggedModelId : null);
        if (named !== null && !tags.some(isPromptTag)) {
          await deps.experiments.tagModelVersion(writer, { id: named, model, version: number, cause });
        }
        return number;
      });
      return await get(model, version);
    },
    getVersion: get,
    getVersionByAlias: getByAlias,
    async versionsOfRun(runId) {
      return await store.loadVersions(database.read, await store.versionsOfRun(database.read, runId));
    },
    async latestVersions(model, stageNames) {
      const wanted = new Set(stageNames.map(requireStage));
      const row = await requireModel(database.read, model);
      const latest = await store.latestOfStages(database.read, [row]);
      return wanted.size === 0 ? latest : latest.filter((version) => wanted.has(version.stage));
    },
  };
}

/** @throws DomainError NOT_FOUND */
export async function loadVersion(database: Database, model: string, version: number): Promise<ModelVersion> {
  const [found] = await store.loadVersions(database.read, [await requireVersion(database.read, model, version)]);
  if (!found) throw new Error('loading one row gave none');
  return found;
}

/**
 * Any whole number, as Python reads one; what is no number of a version names none.
 * @throws DomainError INVALID_ARGUMENT for what is none
 */
export function versionNumber(text: string): number {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    throw invalid(`Parameter 'version' must be an integer, got '${text.slice(0, 100)}'.`, { field: 'version' });
  }
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : 0;
}

/** @throws DomainError INVALID_ARGUMENT */
export function requireStage(name: string): Stage {
  const stage = stageOf(name);
  if (stage) return stage;
  throw invalid(`Invalid Model Version stage: ${name}. Value must be one of ${stages.join(', ')}.`, { field: 'stage' });
}
