import type { Database, Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid, notFound } from '#kernel/errors';
import { isArtifactRoot } from '#model/experiments';
import { aliasesOfVersion, findAlias, moveAlias } from './alias.store.ts';
import { aboutVersion, requireModel, requireVersion, type RegistryDeps } from './deps.ts';
import { nextVersion, updateModel, type ModelRow } from './model.store.ts';
import { stageOf, stages, type KeyValue, type ModelVersion } from './model.ts';
import { checkDescription, checkTag, checkText } from './naming.ts';
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
  describeVersion(
    input: VersionKey & { readonly description: string | null; readonly cause: Cause },
  ): Promise<ModelVersion>;
  /** Its aliases go with it; its number stays used. @throws DomainError NOT_FOUND */
  deleteVersion(input: VersionKey & { readonly cause: Cause }): Promise<void>;
  setVersionTag(input: VersionKey & { readonly tag: KeyValue; readonly cause: Cause }): Promise<void>;
  /** Idempotent. @throws DomainError NOT_FOUND for the version */
  removeVersionTag(input: VersionKey & { readonly key: string; readonly cause: Cause }): Promise<void>;
  /** For old clients. @throws DomainError INVALID_ARGUMENT for another stage, or to archive others of None or Archived */
  moveToStage(
    input: VersionKey & { readonly stage: string; readonly archivesOthers: boolean; readonly cause: Cause },
  ): Promise<ModelVersion>;
}

export function versionUseCases(deps: RegistryDeps): VersionUseCases {
  const { database, events, clock } = deps;
  const get = (model: string, version: number) => loadVersion(database, model, version);

  /** Runs `work` on a version and its model, in one transaction. */
  async function change(
    key: VersionKey,
    work: (writer: Writer, row: store.VersionRow, model: ModelRow) => Promise<void>,
  ): Promise<void> {
    await database.write(async (writer) => {
      await database.dialect.lockChain(writer);
      const row = await requireVersion(writer, key.model, key.version);
      await work(writer, row, await requireModel(writer, key.model));
    });
  }

  async function getByAlias(model: string, alias: string): Promise<ModelVersion> {
    const row = await requireModel(database.read, model);
    const version = await findAlias(database.read, row.id, alias);
    if (version === undefined) throw invalid(`Registered model alias ${alias} not found.`, { field: 'alias' });
    return await get(model, version);
  }

  /** Project of the experiment whose run or logged model a version comes from. */
  async function projectOf(runId: string | null, loggedModelId: string | null): Promise<string | null> {
    const { experiments } = deps;
    if (runId === null && loggedModelId === null) return null;
    const { experimentId } =
      runId === null ? await experiments.getLoggedModel(loggedModelId ?? '') : await experiments.getRun(runId);
    const { name } = await experiments.getExperiment(experimentId);
    return /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(name) ? name : null;
  }

  return {
    async createVersion(input) {
      const { model, source, tags = [], cause } = input;
      checkDescription(input.description ?? '');
      checkText('run_link', input.runLink ?? '', 2_000);
      for (const tag of tags) checkTag(tag);
      const findVersion = (name: string, which: string) =>
        which.startsWith('@') ? getByAlias(name, which.slice(1)) : get(name, versionNumber(which));
      const resolved = await resolveSource(
        { experiments: deps.experiments, findVersion },
        { source, runId: input.runId, loggedModelId: input.loggedModelId, tags },
      );
      await requireModel(database.read, model);
      const project = await projectOf(resolved.runId, resolved.loggedModelId);
      const version = await database.write(async (writer) => {
        await database.dialect.lockChain(writer);
        const row = await requireModel(writer, model);
        // Purged since it was found: purges wait for this transaction, or have been before it.
        if (resolved.files && !(await isArtifactRoot(writer, resolved.files.root))) throw notFound('files', source);
        const number = await nextVersion(writer, model);
        await store.insertVersion(writer, {
          model_id: row.id,
          version: number,
          source,
          artifact_root: resolved.files?.root ?? null,
          artifact_path: resolved.files?.path ?? null,
          run_id: resolved.runId,
          logged_model_id: resolved.loggedModelId,
          run_link: input.runLink ?? null,
          description: input.description ?? null,
          stage: 'None',
          created_by: cause.actor,
          created_at: clock.now(),
          updated_at: clock.now(),
        });
        await store.putVersionTags(writer, { model_id: row.id, version: number }, tags);
        const owner = row.project ?? project;
        await updateModel(writer, row.id, { ...(owner !== null && { project: owner }) }, clock.now());
        await events.append(writer, cause, {
          type: 'model-version.created',
          ...aboutVersion({ name: model, project: owner }, number),
          payload: {
            model,
            version: number,
            source,
            ...(resolved.runId !== null && { runId: resolved.runId }),
            ...(resolved.loggedModelId !== null && { loggedModelId: resolved.loggedModelId }),
          },
        });
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
    async describeVersion({ description, cause, ...key }) {
      checkDescription(description ?? '');
      await change(key, async (writer, row, model) => {
        if (row.description === description) return;
        await store.updateVersion(writer, row, { description }, clock.now());
        await events.append(writer, cause, {
          type: 'model-version.updated',
          ...aboutVersion(model, row.version),
          payload: { ...key },
        });
      });
      return await get(key.model, key.version);
    },
    async deleteVersion({ cause, ...key }) {
      await change(key, async (writer, row, model) => {
        const at = clock.now();
        for (const alias of await aliasesOfVersion(writer, row.model_id, row.version)) {
          const reason = 'the version was deleted';
          const move = { alias, from: row.version, to: null, actor: cause.actor, reason, verdictId: null, at };
          await moveAlias(writer, row.model_id, move);
          await events.append(writer, cause, {
            type: 'model-alias.removed',
            ...aboutVersion(model, row.version),
            payload: { model: key.model, alias, from: row.version, reason },
          });
        }
        await store.removeVersion(writer, row);
        await updateModel(writer, row.model_id, {}, at);
        await events.append(writer, cause, {
          type: 'model-version.deleted',
          ...aboutVersion(model, row.version),
          payload: { ...key },
        });
      });
    },
    async setVersionTag({ tag, cause, ...key }) {
      checkTag(tag);
      await change(key, async (writer, row, model) => {
        await store.putVersionTags(writer, row, [tag]);
        const payload = { ...key, tags: [tag.key] };
        await events.append(writer, cause, {
          type: 'model-version.updated',
          ...aboutVersion(model, row.version),
          payload,
        });
      });
    },
    async removeVersionTag({ key: tag, cause, ...key }) {
      await change(key, async (writer, row, model) => {
        if (!(await store.removeVersionTag(writer, row, tag))) return;
        const payload = { ...key, tags: [tag] };
        await events.append(writer, cause, {
          type: 'model-version.updated',
          ...aboutVersion(model, row.version),
          payload,
        });
      });
    },
    async moveToStage({ stage: name, archivesOthers, cause, ...key }) {
      const stage = requireStage(name);
      if (archivesOthers && (stage === 'None' || stage === 'Archived')) {
        throw invalid(`Cannot archive other versions when moving one to stage '${stage}'`, {
          field: 'archive_existing_versions',
        });
      }
      await change(key, async (writer, row, model) => {
        const at = clock.now();
        const archived = archivesOthers ? await store.archiveOthers(writer, row, stage, at) : [];
        if (row.stage !== stage) await store.updateVersion(writer, row, { stage }, at);
        const moved = [
          ...archived.map((version) => ({ version, to: 'Archived' })),
          ...(row.stage === stage ? [] : [{ version: row.version, to: stage }]),
        ];
        for (const { version, to } of moved) {
          const payload = { model: key.model, version, stage: to };
          await events.append(writer, cause, {
            type: 'model-version.updated',
            ...aboutVersion(model, version),
            payload,
          });
        }
      });
      return await get(key.model, key.version);
    },
  };
}

/** @throws DomainError NOT_FOUND */
export async function loadVersion(database: Database, model: string, version: number): Promise<ModelVersion> {
  const [found] = await store.loadVersions(database.read, [await requireVersion(database.read, model, version)]);
  if (!found) throw new Error('loading one row gave none');
  return found;
}

/** @throws DomainError INVALID_ARGUMENT for what is no positive whole number */
export function versionNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) {
    throw new DomainError('INVALID_ARGUMENT', `Model version must be an integer, got '${text.slice(0, 100)}'`, {
      field: 'version',
    });
  }
  return Number(text);
}

function requireStage(name: string) {
  const stage = stageOf(name);
  if (stage) return stage;
  throw invalid(`Invalid Model Version stage: ${name}. Value must be one of ${stages.join(', ')}.`, { field: 'stage' });
}
