import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import { checkKey } from '#model/experiments';
import { aliasesOfModel } from './alias.store.ts';
import { aliasChange } from './aliases.ts';
import { requireModel, type RegistryDeps } from './deps.ts';
import * as store from './model.store.ts';
import { isPromptTag, lastOfEachKey, type Change, type KeyValue, type RegisteredModel } from './model.ts';
import { checkDescription, checkModelName, checkTag } from './naming.ts';
import { descriptionChanges, factDescription, factText, factValues, record, tagChanges } from './record.ts';
import { numbersOf, touchVersions } from './version.store.ts';

export interface ModelUseCases {
  /** @throws DomainError ALREADY_EXISTS, INVALID_ARGUMENT for `/` and `:` in the name */
  createModel(input: {
    readonly name: string;
    readonly description?: string | undefined;
    readonly tags?: readonly KeyValue[] | undefined;
    readonly cause: Cause;
  }): Promise<RegisteredModel>;
  /** @throws DomainError NOT_FOUND */
  getModel(name: string): Promise<RegisteredModel>;
  /** A missing description clears it. */
  describeModel(input: {
    readonly name: string;
    readonly description: string | null;
    readonly cause: Cause;
  }): Promise<RegisteredModel>;
  /** Versions, aliases and tags follow. @throws DomainError NOT_FOUND, ALREADY_EXISTS */
  renameModel(input: {
    readonly name: string;
    readonly newName: string;
    readonly cause: Cause;
  }): Promise<RegisteredModel>;
  /** With its versions; their numbers stay used. @throws DomainError NOT_FOUND */
  deleteModel(input: { readonly name: string; readonly cause: Cause }): Promise<void>;
  setModelTag(input: { readonly name: string; readonly tag: KeyValue; readonly cause: Cause }): Promise<void>;
  /** Idempotent. @throws DomainError NOT_FOUND for the model */
  removeModelTag(input: { readonly name: string; readonly key: string; readonly cause: Cause }): Promise<void>;
}

export function modelUseCases(deps: RegistryDeps): ModelUseCases {
  const { database, clock, ids } = deps;

  async function get(name: string): Promise<RegisteredModel> {
    const [model] = await store.loadModels(database.read, [await requireModel(database.read, name)]);
    if (!model) throw new Error('loading one row gave none');
    return model;
  }

  /** Runs `work` on a model, in one transaction. */
  async function change(name: string, work: (writer: Writer, model: store.ModelRow) => Promise<void>): Promise<void> {
    await database.write(async (writer) => {
      await work(writer, await requireModel(writer, name));
    });
  }

  return {
    async createModel({ name, description, tags: given = [], cause }) {
      checkModelName(name);
      checkDescription(description ?? '');
      for (const tag of given) checkTag(tag);
      const tags = lastOfEachKey(given);
      await database.write(async (writer) => {
        const taken = await store.findModel(writer, name);
        if (taken) throw nameTaken(name, await store.isPromptModel(writer, taken.id), tags.some(isPromptTag));
        const at = clock.now();
        const model = {
          id: ids.next('rm'),
          name,
          description: description ?? null,
          project: null,
          created_at: at,
          updated_at: at,
        };
        await store.insertModel(writer, model);
        await store.putModelTags(writer, model.id, tags);
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.created',
          payload: { model: name, ...factDescription(description), ...factValues(tags) },
          changes: [
            { kind: 'model.created', version: null, key: '', from: null, to: name },
            ...descriptionChanges(description, null),
            ...tagChanges(tags, null),
          ],
        });
      });
      return await get(name);
    },
    getModel: get,
    async describeModel({ name, description, cause }) {
      checkDescription(description ?? '');
      await change(name, async (writer, model) => {
        await store.updateModel(writer, model.id, { description }, clock.now());
        if (model.description === description) return;
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.updated',
          payload: { model: name, description: description === null ? null : factText(description) },
          changes: [{ kind: 'description.set', version: null, key: '', from: model.description, to: description }],
        });
      });
      return await get(name);
    },
    async renameModel({ name, newName, cause }) {
      checkModelName(newName);
      await change(name, async (writer, model) => {
        if (name === newName) return;
        const taken = await store.findModel(writer, newName);
        if (taken) throw nameTaken(newName);
        const at = clock.now();
        await store.updateModel(writer, model.id, { name: newName }, at);
        await touchVersions(writer, model.id, at);
        await store.carryCounter(writer, name, newName);
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.renamed',
          payload: { from: name, to: newName },
          changes: [{ kind: 'model.renamed', version: null, key: '', from: name, to: newName }],
        });
      });
      return await get(newName);
    },
    async deleteModel({ name, cause }) {
      await change(name, async (writer, model) => {
        const versions = await numbersOf(writer, model.id);
        const aliases = await aliasesOfModel(writer, model.id);
        const isPrompt = await store.isPromptModel(writer, model.id);
        await store.removeModel(writer, model.id);
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.deleted',
          payload: { model: name, versions },
          changes: [
            ...aliases.map(({ alias, version }) => aliasChange(alias, version, null)),
            ...versions.map((version): Change => ({ kind: 'version.deleted', version, key: '', from: null, to: null })),
            { kind: 'model.deleted', version: null, key: '', from: name, to: null },
          ],
          isPrompt,
        });
      });
    },
    async setModelTag({ name, tag, cause }) {
      checkTag(tag);
      await change(name, async (writer, model) => {
        const before = await store.modelTags(writer, model.id);
        await store.putModelTags(writer, model.id, [tag]);
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.updated',
          payload: { model: name, tags: [tag.key], ...factValues([tag]) },
          changes: tagChanges([tag], null, before),
        });
      });
    },
    async removeModelTag({ name, key, cause }) {
      checkKey('key', key);
      await change(name, async (writer, model) => {
        const before = await store.modelTags(writer, model.id);
        if (!(await store.removeModelTag(writer, model.id, key))) return;
        await record(deps, writer, {
          model,
          cause,
          type: 'registered-model.updated',
          payload: { model: name, tags: [key] },
          changes: [{ kind: 'tag.removed', version: null, key, from: before.get(key) ?? null, to: null }],
        });
      });
    },
  };
}

/** Models and prompts share their names. The words are MLflow's. */
function nameTaken(name: string, isOldPrompt = false, isNewPrompt = isOldPrompt): DomainError {
  const word = (isPrompt: boolean) => (isPrompt ? 'Prompt' : 'Registered Model');
  const message =
    isOldPrompt === isNewPrompt
      ? `${word(isNewPrompt)} (name=${name}) already exists.`
      : `Tried to create a ${word(isNewPrompt).toLowerCase()} with name '${name}', but the name is already taken by a ${word(isOldPrompt).toLowerCase()}.`;
  return new DomainError('ALREADY_EXISTS', message, { field: 'name' });
}
