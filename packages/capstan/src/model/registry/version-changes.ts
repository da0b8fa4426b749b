import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import { checkKey } from '#model/experiments';
import { aliasesOfVersion } from './alias.store.ts';
import { moveAlias } from './aliases.ts';
import { requireModel, requireVersion, type RegistryDeps } from './deps.ts';
import { updateModel, type ModelRow } from './model.store.ts';
import type { KeyValue, ModelVersion, Stage } from './model.ts';
import { checkDescription, checkTag } from './naming.ts';
import { factText, factValues, record, tagChanges } from './record.ts';
import * as store from './version.store.ts';
import { loadVersion, requireStage, type VersionKey } from './versions.ts';

export interface VersionChangeUseCases {
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

export function versionChangeUseCases(deps: RegistryDeps): VersionChangeUseCases {
  const { database, clock } = deps;

  /** Runs `work` on a version and its model, in one transaction. */
  async function change(
    key: VersionKey,
    work: (writer: Writer, row: store.VersionRow, model: ModelRow) => Promise<void>,
  ): Promise<void> {
    await database.write(async (writer) => {
      const row = await requireVersion(writer, key.model, key.version);
      await work(writer, row, await requireModel(writer, key.model));
    });
  }

  return {
    async describeVersion({ description, cause, ...key }) {
      checkDescription(description ?? '');
      await change(key, async (writer, row, model) => {
        await store.updateVersion(writer, row, { description }, clock.now());
        if (row.description === description) return;
        await record(deps, writer, {
          model,
          cause,
          type: 'model-version.updated',
          version: row.version,
          payload: { ...key, description: description === null ? null : factText(description) },
          changes: [{ kind: 'description.set', version: row.version, key: '', from: row.description, to: description }],
        });
      });
      return await loadVersion(database, key.model, key.version);
    },
    async deleteVersion({ cause, ...key }) {
      await change(key, async (writer, row, model) => {
        for (const alias of await aliasesOfVersion(writer, row.model_id, row.version)) {
          const reason = 'the version was deleted';
          await moveAlias(deps, writer, { model, alias, from: row.version, to: null, reason, cause });
        }
        await store.removeVersion(writer, row);
        await updateModel(writer, row.model_id, {}, clock.now());
        await record(deps, writer, {
          model,
          cause,
          type: 'model-version.deleted',
          version: row.version,
          payload: key,
          changes: [{ kind: 'version.deleted', version: row.version, key: '', from: row.source, to: null }],
        });
      });
    },
    async setVersionTag({ tag, cause, ...key }) {
      checkTag(tag);
      await change(key, async (writer, row, model) => {
        const before = await store.versionTags(writer, row);
        await store.putVersionTags(writer, row, [tag]);
        await record(deps, writer, {
          model,
          cause,
          type: 'model-version.updated',
          version: row.version,
          payload: { ...key, tags: [tag.key], ...factValues([tag]) },
          changes: tagChanges([tag], row.version, before),
        });
      });
    },
    async removeVersionTag({ key: tag, cause, ...key }) {
      checkKey('key', tag);
      await change(key, async (writer, row, model) => {
        const before = await store.versionTags(writer, row);
        if (!(await store.removeVersionTag(writer, row, tag))) return;
        await record(deps, writer, {
          model,
          cause,
          type: 'model-version.updated',
          version: row.version,
          payload: { ...key, tags: [tag] },
          changes: [{ kind: 'tag.removed', version: row.version, key: tag, from: before.get(tag) ?? null, to: null }],
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
        await store.updateVersion(writer, row, { stage }, at);
        await updateModel(writer, row.model_id, {}, at);
        const moved: { version: number; from: Stage; to: Stage }[] = [
          ...archived.map((version) => ({ version, from: stage, to: 'Archived' as const })),
          ...(row.stage === stage ? [] : [{ version: row.version, from: row.stage, to: stage }]),
        ];
        for (const { version, from, to } of moved) {
          await record(deps, writer, {
            model,
            cause,
            type: 'model-version.updated',
            version,
            payload: { model: key.model, version, stage: to },
            changes: [{ kind: 'stage.set', version, key: '', from, to }],
          });
        }
      });
      return await loadVersion(database, key.model, key.version);
    },
  };
}
