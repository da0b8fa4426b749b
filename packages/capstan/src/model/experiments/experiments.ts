import type { Writer } from '#database';
import type { Fact } from '#events';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid, notFound } from '#kernel/errors';
import { parseArtifactUri } from './artifacts/artifact-path.ts';
import type { ExperimentsDeps } from './deps.ts';
import * as store from './experiment.store.ts';
import { ARTIFACT_SCHEME, type Experiment, type KeyValue } from './model.ts';
import { checkExperimentName, checkExperimentTag, experimentNumber } from './naming.ts';
import { projectOf } from './project-of.ts';
import { noExperiment, refuseInactiveExperiment } from './refusals.ts';
import {
  countExperiments,
  searchExperiments,
  type ExperimentPage,
  type ExperimentSearch,
} from './search/search-experiments.ts';

export interface ExperimentUseCases {
  /**
   * @throws DomainError ALREADY_EXISTS when the name is taken, also by a deleted one; INVALID_ARGUMENT for a location
   *   that is not `mlflow-artifacts:/…`
   */
  createExperiment(input: {
    readonly name: string;
    readonly artifactLocation?: string | undefined;
    readonly tags?: readonly KeyValue[] | undefined;
    readonly cause: Cause;
  }): Promise<Experiment>;
  /** The active experiment of that name, made when there is none. @throws DomainError CONFLICT when it is deleted */
  ensureExperiment(input: { readonly name: string; readonly cause: Cause }): Promise<Experiment>;
  /** Makes experiment 0, `Default`, where there is none: clients log to it unasked. */
  ensureDefaultExperiment(cause: Cause): Promise<void>;
  /** Deleted ones too. @throws DomainError NOT_FOUND */
  getExperiment(id: string): Promise<Experiment>;
  /** Deleted ones too. @throws DomainError NOT_FOUND */
  getExperimentByName(name: string): Promise<Experiment>;
  renameExperiment(input: { readonly id: string; readonly name: string; readonly cause: Cause }): Promise<void>;
  /** With its runs. @throws DomainError NOT_FOUND also when it is deleted already */
  deleteExperiment(input: { readonly id: string; readonly cause: Cause }): Promise<void>;
  /** With its runs. @throws DomainError NOT_FOUND also when it is active */
  restoreExperiment(input: { readonly id: string; readonly cause: Cause }): Promise<void>;
  setExperimentTag(input: { readonly id: string; readonly tag: KeyValue; readonly cause: Cause }): Promise<void>;
  removeExperimentTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
  searchExperiments(search: ExperimentSearch): Promise<ExperimentPage>;
  /** How many experiments a search would find. @throws DomainError INVALID_ARGUMENT */
  countExperiments(search: Pick<ExperimentSearch, 'filter' | 'view'>): Promise<number>;
  /** Active and deleted runs of each experiment. */
  countRuns(ids: readonly string[]): Promise<Map<string, { active: number; deleted: number }>>;
}

export function experimentUseCases({ database, events, clock }: ExperimentsDeps): ExperimentUseCases {
  async function get(id: string): Promise<Experiment> {
    const number = experimentNumber(id);
    const found = number === undefined ? undefined : await store.findExperiment(database.read, number);
    if (!found) throw noExperiment(id);
    return found;
  }

  async function create(
    writer: Writer,
    input: Parameters<ExperimentUseCases['createExperiment']>[0],
    id?: number,
  ): Promise<number> {
    const taken = await store.findExperimentByName(writer, input.name);
    if (taken) throw nameTaken(taken);
    const number = id ?? Math.max(1, await store.nextExperimentId(writer));
    const artifactLocation = input.artifactLocation ? normalLocation(input.artifactLocation) : undefined;
    await store.insertExperiment(writer, { id: number, name: input.name, artifactLocation, at: clock.now() });
    await store.putExperimentTags(writer, number, input.tags ?? [], clock.now());
    await events.append(writer, input.cause, {
      type: 'experiment.created',
      ...projectOf(input.name),
      subject: `experiment:${number}`,
      payload: { name: input.name },
    });
    return number;
  }

  /** Runs a change on an active experiment. */
  async function change(id: string, work: (writer: Writer, experiment: Experiment) => Promise<void>): Promise<void> {
    const number = experimentNumber(id);
    await database.write(async (writer) => {
      const experiment = number === undefined ? undefined : await store.findExperiment(writer, number);
      if (!experiment) throw noExperiment(id);
      refuseInactiveExperiment(experiment);
      await work(writer, experiment);
    });
  }

  async function move(id: string, to: 'active' | 'deleted', cause: Cause): Promise<void> {
    const number = experimentNumber(id);
    await database.write(async (writer) => {
      const experiment = number === undefined ? undefined : await store.findExperiment(writer, number);
      if (!experiment) throw noExperiment(id);
      if (experiment.lifecycle === to) {
        throw notFound(`${to === 'active' ? 'deleted' : 'active'} experiment`, id, `It is ${to} already.`);
      }
      const runs = await store.moveExperiment(writer, Number(experiment.id), to, clock.now());
      await events.append(writer, cause, {
        type: to === 'deleted' ? 'experiment.deleted' : 'experiment.restored',
        ...projectOf(experiment.name),
        subject: `experiment:${id}`,
        payload: { runs },
      });
    });
  }

  return {
    async createExperiment(input) {
      checkExperimentName(input.name);
      if (input.artifactLocation) normalLocation(input.artifactLocation);
      for (const tag of input.tags ?? []) checkExperimentTag(tag);
      const number = await database.write((writer) => create(writer, input));
      return await get(String(number));
    },
    async ensureExperiment({ name, cause }) {
      checkExperimentName(name);
      const number = await database.write(async (writer) => {
        const found = await store.findExperimentByName(writer, name);
        if (found) {
          refuseInactiveExperiment(found);
          return Number(found.id);
        }
        return await create(writer, { name, cause });
      });
      return await get(String(number));
    },
    async ensureDefaultExperiment(cause) {
      await database.write(async (writer) => {
        if (await store.findExperiment(writer, 0)) return;
        await create(writer, { name: 'Default', cause }, 0);
      });
    },
    getExperiment: get,
    async getExperimentByName(name) {
      const found = await store.findExperimentByName(database.read, name);
      if (!found)
        throw new DomainError('NOT_FOUND', `Could not find experiment with name '${name}'`, {
          field: 'experiment_name',
        });
      return found;
    },
    async renameExperiment({ id, name, cause }) {
      checkExperimentName(name);
      await change(id, async (writer, experiment) => {
        if (experiment.name === name) return;
        const taken = await store.findExperimentByName(writer, name);
        if (taken) throw nameTaken(taken);
        await store.renameExperiment(writer, Number(id), name, clock.now());
        await events.append(writer, cause, {
          type: 'experiment.updated',
          ...projectOf(name),
          subject: `experiment:${id}`,
          payload: { name },
        });
      });
    },
    deleteExperiment: ({ id, cause }) => move(id, 'deleted', cause),
    restoreExperiment: ({ id, cause }) => move(id, 'active', cause),
    async setExperimentTag({ id, tag, cause }) {
      checkExperimentTag(tag);
      await change(id, async (writer, experiment) => {
        await store.putExperimentTags(writer, Number(id), [tag], clock.now());
        await events.append(writer, cause, tagFact(experiment, tag.key));
      });
    },
    async removeExperimentTag({ id, key, cause }) {
      await change(id, async (writer, experiment) => {
        if (!(await store.removeExperimentTag(writer, Number(id), key))) {
          throw new DomainError('NOT_FOUND', `No tag with name: ${key} in experiment with id ${id}`, { field: 'key' });
        }
        await events.append(writer, cause, tagFact(experiment, key));
      });
    },
    searchExperiments: (search) => searchExperiments(database, search),
    countExperiments: (search) => countExperiments(database, search),
    countRuns: (ids) => store.countRuns(database.longRead(), ids),
  };
}

function tagFact(experiment: Experiment, key: string): Fact<'experiment.updated'> {
  return {
    type: 'experiment.updated',
    ...projectOf(experiment.name),
    subject: `experiment:${experiment.id}`,
    payload: { tags: [key] },
  };
}

function nameTaken(taken: Experiment): DomainError {
  const isDeleted = taken.lifecycle === 'deleted';
  return new DomainError('ALREADY_EXISTS', `Experiment(name=${taken.name}) already exists.`, {
    field: 'name',
    hint: isDeleted
      ? `Experiment ${taken.id} of that name is deleted: restore it, or rename it.`
      : `It is experiment ${taken.id}.`,
  });
}

/** Only places that this server holds: another scheme would make it reach out, or clients write past it. */
function normalLocation(location: string): string {
  const segments = parseArtifactUri(location);
  if (!segments) {
    throw invalid(`The artifact location '${location}' is not one that this server holds`, {
      field: 'artifact_location',
      hint: `Leave it out, or use ${ARTIFACT_SCHEME}NAME.`,
    });
  }
  if (segments.includes('artifacts')) {
    throw invalid('The artifact location lies inside that of a run or model', { field: 'artifact_location' });
  }
  if (segments.length === 0) throw invalid('The artifact location is empty', { field: 'artifact_location' });
  return ARTIFACT_SCHEME + segments.join('/');
}
