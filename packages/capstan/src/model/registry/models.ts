import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import { aboutModel, requireModel, type RegistryDeps } from './deps.ts';
import * as store from './model.store.ts';
import type { KeyValue, RegisteredModel } from './model.ts';
import { checkDescription, checkModelName, checkTag } from './naming.ts';
import { numbersOf } from './version.store.ts';

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

export function modelUseCases({ database, events, clock, ids }: RegistryDeps): ModelUseCases {
  async function get(name: string): Promise<RegisteredModel> {
    const [model] = await store.loadModels(database.read, [await requireModel(database.read, name)]);
    if (!model) throw new Error('loading one row gave none');
    return model;
  }

  return {
    async createModel({ name, description, tags = [], cause }) {
      checkModelName(name);
      checkDescription(description ?? '');
      for (const tag of tags) checkTag(tag);
      await database.write(async (writer) => {
        await database.dialect.lockChain(writer);
        if (await store.findModel(writer, name)) throw nameTaken(name);
        const id = ids.next('rm');
        const at = clock.now();
        const row = { id, name, description: description ?? null, project: null, created_at: at, updated_at: at };
        await store.insertModel(writer, row);
        await store.putModelTags(writer, id, tags);
        await events.append(writer, cause, {
          type: 'registered-model.created',
          ...aboutModel(row),
          payload: { model: name },
        });
      });
      return await get(name);
    },
    getModel: get,
    async describeModel({ name, description, cause }) {
      checkDescription(description ?? '');
      await database.write(async (writer) => {
        const model = await requireModel(writer, name);
        if (model.description === description) return;
        await store.updateModel(writer, model.id, { description }, clock.now());
        await events.append(writer, cause, {
          type: 'registered-model.updated',
          ...aboutModel(model),
          payload: { model: name },
        });
      });
      return await get(name);
    },
    async renameModel({ name, newName, cause }) {
      checkModelName(newName);
      await database.write(async (writer) => {
        await database.dialect.lockChain(writer);
        const model = await requireModel(writer, name);
        if (name === newName) return;
        if (await store.findModel(writer, newName)) throw nameTaken(newName);
        await store.updateModel(writer, model.id, { name: newName }, clock.now());
        await store.carryCounter(writer, name, newName);
        const about = aboutModel({ ...model, name: newName });
        await events.append(writer, cause, {
          type: 'registered-model.renamed',
          ...about,
          payload: { from: name, to: newName },
        });
      });
      return await get(newName);
    },
    async deleteModel({ name, cause }) {
      await database.write(async (writer) => {
        const model = await requireModel(writer, name);
        const versions = await numbersOf(writer, model.id);
        await store.removeModel(writer, model.id);
        await events.append(writer, cause, {
          type: 'registered-model.deleted',
          ...aboutModel(model),
          payload: { model: name, versions },
        });
      });
    },
    async setModelTag({ name, tag, cause }) {
      checkTag(tag);
      await database.write(async (writer) => {
        const model = await requireModel(writer, name);
        await store.putModelTags(writer, model.id, [tag]);
        const payload = { model: name, tags: [tag.key] };
        await events.append(writer, cause, { type: 'registered-model.updated', ...aboutModel(model), payload });
      });
    },
    async removeModelTag({ name, key, cause }) {
      await database.write(async (writer) => {
        const model = await requireModel(writer, name);
        if (!(await store.removeModelTag(writer, model.id, key))) return;
        const payload = { model: name, tags: [key] };
        await events.append(writer, cause, { type: 'registered-model.updated', ...aboutModel(model), payload });
      });
    },
  };
}

function nameTaken(name: string): DomainError {
  return new DomainError('ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`, { field: 'name' });
}
