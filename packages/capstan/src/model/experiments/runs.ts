import { createHash } from 'node:crypto';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError, invalid } from '#kernel/errors';
import type { ExperimentsDeps } from './deps.ts';
import { findExperiment } from './experiment.store.ts';
import {
  ARTIFACT_SCHEME,
  RUN_NAME_TAG,
  endedStatuses,
  type Experiment,
  type KeyValue,
  type Lifecycle,
  type Run,
  type RunStatus,
} from './model.ts';
import { checkRunId, experimentNumber, refuseControl, refuseLong } from './naming.ts';
import { projectOf } from './project-of.ts';
import { noExperiment, noRun, refuseInactiveExperiment, refuseInactiveRun } from './refusals.ts';
import { runNameFrom } from './run-name.ts';
import * as store from './run.store.ts';
import { everything, loadRuns } from './search/search-runs.ts';
import { checkedParams, checkedTags } from './texts.ts';

export interface NewRun {
  readonly experimentId: string;
  /** Made up when absent. */
  readonly name?: string | undefined;
  readonly userId?: string | undefined;
  /** Default: now. */
  readonly startTime?: number | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
  readonly params?: readonly KeyValue[] | undefined;
  readonly cause: Cause;
}

export interface RunChange {
  readonly id: string;
  readonly status?: RunStatus | undefined;
  readonly endTime?: number | undefined;
  readonly name?: string | undefined;
  readonly cause: Cause;
}

export interface RunUseCases {
  /** @throws DomainError NOT_FOUND, CONFLICT when the experiment is deleted, INVALID_ARGUMENT */
  createRun(run: NewRun): Promise<Run>;
  /** Deleted ones too. @throws DomainError NOT_FOUND */
  getRun(id: string): Promise<Run>;
  /** Those of the ids that exist, in the order asked. */
  getRuns(ids: readonly string[]): Promise<readonly Run[]>;
  /** Changes only what is given. A run that has ended may be opened again. @throws DomainError NOT_FOUND, CONFLICT */
  updateRun(change: RunChange): Promise<Run>;
  /** All or none; returns how many were active. @throws DomainError NOT_FOUND */
  deleteRuns(input: { readonly ids: readonly string[]; readonly cause: Cause }): Promise<number>;
  /** All or none; returns how many were deleted. @throws DomainError NOT_FOUND, CONFLICT when an experiment is deleted */
  restoreRuns(input: { readonly ids: readonly string[]; readonly cause: Cause }): Promise<number>;
  /** @throws DomainError NOT_FOUND when the run has no such tag */
  removeTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
}

/** 32 hex digits, as MLflow's ids are, from an id of ours. */
export function hexId(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}

export function runUseCases({ database, events, clock, ids }: ExperimentsDeps): RunUseCases {
  const { dialect } = database;

  async function get(id: string): Promise<Run> {
    checkRunId(id);
    const found = await store.findRun(database.read, id);
    const [run] = found ? await loadRuns(database.read, [found], everything) : [];
    if (!run) throw noRun(id);
    return run;
  }

  async function open(writer: Writer, id: string): Promise<{ run: store.RunWithKey; experiment: Experiment }> {
    const run = await store.findRun(writer, id);
    const experiment = run && (await findExperiment(writer, Number(run.experimentId)));
    if (!run || !experiment) throw noRun(id);
    return { run, experiment };
  }

  /** Runs `work` on a run and its experiment, in one transaction. */
  async function change(
    id: string,
    work: (writer: Writer, run: store.RunWithKey, experiment: Experiment) => Promise<void>,
  ): Promise<void> {
    checkRunId(id);
    await database.write(async (writer) => {
      await dialect.lockChain(writer);
      const { run, experiment } = await open(writer, id);
      await work(writer, run, experiment);
    });
  }

  async function move(wanted: readonly string[], to: Lifecycle, cause: Cause): Promise<number> {
    for (const id of wanted) checkRunId(id);
    return await database.write(async (writer) => {
      await dialect.lockChain(writer);
      let moved = 0;
      for (const id of wanted) {
        const { run, experiment } = await open(writer, id);
        if (run.lifecycle === to) continue;
        if (to === 'active') refuseInactiveExperiment(experiment);
        await store.updateRun(writer, run.key, { lifecycle: to }, clock.now());
        const about = { ...projectOf(experiment.name), subject: `run:${id}` };
        await events.append(writer, cause, {
          type: to === 'deleted' ? 'run.deleted' : 'run.restored',
          ...about,
          payload: {},
        });
        moved += 1;
      }
      return moved;
    });
  }

  return {
    async createRun(input) {
      const tags = checkedTags(input.tags ?? []);
      const params = checkedParams(input.params ?? []);
      const id = hexId(ids.next('run'));
      const name = nameOf(input.name, tags) || runNameFrom(id);
      checkRunName(name);
      const number = experimentNumber(input.experimentId);
      await database.write(async (writer) => {
        await dialect.lockChain(writer);
        const experiment = number === undefined ? undefined : await findExperiment(writer, number);
        if (!experiment) throw noExperiment(input.experimentId);
        refuseInactiveExperiment(experiment);
        const key = await store.insertRun(writer, {
          id,
          experimentId: experiment.id,
          name,
          userId: input.userId ?? '',
          status: 'RUNNING',
          startTime: input.startTime ?? clock.now(),
          endTime: null,
          artifactRoot: `${experiment.artifactLocation.slice(ARTIFACT_SCHEME.length)}/${id}/artifacts`,
          updatedAt: clock.now(),
        });
        await store.insertParams(dialect, writer, key, params);
        await store.putTags(dialect, writer, key, [
          ...tags.filter((tag) => tag.key !== RUN_NAME_TAG),
          store.nameTag(name),
        ]);
        await events.append(writer, input.cause, {
          type: 'run.created',
          ...projectOf(experiment.name),
          subject: `run:${id}`,
          payload: { experimentId: experiment.id, name },
        });
      });
      return await get(id);
    },
    getRun: get,
    async getRuns(wanted) {
      const found = await loadRuns(database.read, await store.findRuns(database.read, wanted), everything);
      const byId = new Map(found.map((run) => [run.id, run]));
      return wanted.map((id) => byId.get(id)).filter((run) => run !== undefined);
    },
    async updateRun({ id, status, endTime, name, cause }) {
      if (name !== undefined) checkRunName(name);
      await change(id, async (writer, run, experiment) => {
        refuseInactiveRun(id, run.lifecycle);
        const isSame =
          (status ?? run.status) === run.status &&
          (endTime ?? run.endTime) === run.endTime &&
          (name ?? run.name) === run.name;
        if (isSame) return;
        const changed = {
          ...(status !== undefined && { status }),
          ...(endTime !== undefined && { endTime }),
          ...(name !== undefined && { name }),
        };
        await store.updateRun(writer, run.key, changed, clock.now());
        if (name !== undefined) await store.putTags(dialect, writer, run.key, [store.nameTag(name)]);
        const about = { ...projectOf(experiment.name), subject: `run:${id}` };
        const hasEnded = status !== undefined && status !== run.status && endedStatuses.has(status);
        if (hasEnded) {
          await events.append(writer, cause, {
            type: 'run.ended',
            ...about,
            payload: { experimentId: run.experimentId, status },
          });
        } else {
          const payload = { ...(status !== undefined && { status }), ...(name !== undefined && { name }) };
          await events.append(writer, cause, { type: 'run.updated', ...about, payload });
        }
      });
      return await get(id);
    },
    deleteRuns: (input) => move(input.ids, 'deleted', input.cause),
    restoreRuns: (input) => move(input.ids, 'active', input.cause),
    async removeTag({ id, key, cause }) {
      await change(id, async (writer, run, experiment) => {
        refuseInactiveRun(id, run.lifecycle);
        if (!(await store.removeTag(writer, run.key, key))) {
          throw new DomainError('NOT_FOUND', `No tag with name: ${key} in run with id ${id}`, { field: 'key' });
        }
        await store.touchRun(writer, run.key, clock.now());
        await events.append(writer, cause, {
          type: 'run.tag-removed',
          ...projectOf(experiment.name),
          subject: `run:${id}`,
          payload: { key },
        });
      });
    },
  };
}

function nameOf(name: string | undefined, tags: readonly KeyValue[]): string {
  const tagged = tags.find((tag) => tag.key === RUN_NAME_TAG)?.value;
  if (name && tagged && name !== tagged) {
    throw conflict(
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${name}', ` +
        `mlflow.runName='${tagged}').`,
      { field: 'run_name', hint: 'Give one of them.' },
    );
  }
  return name || tagged || '';
}

/** A name may be anything people read in one line. */
export function checkRunName(name: string): void {
  refuseLong('run_name', name, 500);
  refuseControl('run_name', name);
  if (!name.isWellFormed()) throw invalid("'run_name' holds half a character", { field: 'run_name' });
}
