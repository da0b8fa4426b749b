import { createHash } from 'node:crypto';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError } from '#kernel/errors';
import type { ExperimentsDeps } from './deps.ts';
import { findExperimentOfRuns } from './experiment.store.ts';
import {
  ARTIFACT_SCHEME,
  RUN_NAME_TAG,
  endedStatuses,
  type KeyValue,
  type Lifecycle,
  type Run,
  type RunInfo,
  type RunStatus,
} from './model.ts';
import type { LoggedFacts } from './log/logged-facts.ts';
import { checkRunId, experimentNumber } from './naming.ts';
import { projectOf } from './project-of.ts';
import { noExperiment, noRun, refuseInactiveExperiment, refuseInactiveRun } from './refusals.ts';
import { checkRunName, runNameFrom } from './run-name.ts';
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
  /** Ids of runs with this value of a tag, deleted ones too, in no order; at most 1,000. */
  runsTagged(key: string, value: string): Promise<string[]>;
  /** Changes only what is given. A run that has ended may be opened again. @throws DomainError NOT_FOUND, CONFLICT */
  updateRun(change: RunChange): Promise<RunInfo>;
  /** All or none; returns how many were active. @throws DomainError NOT_FOUND */
  deleteRuns(input: { readonly ids: readonly string[]; readonly cause: Cause }): Promise<number>;
  /** All or none; returns how many were deleted. @throws DomainError NOT_FOUND, CONFLICT when an experiment is deleted */
  restoreRuns(input: { readonly ids: readonly string[]; readonly cause: Cause }): Promise<number>;
  /** @throws DomainError NOT_FOUND when the run has no such tag */
  removeTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
}

const MOST_TAGGED = 1_000;

/** 32 hex digits, as MLflow's ids are, from an id of ours. */
export function hexId(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}

/** Ids of one such stretch of time are neighbours. */
const NEIGHBOURS_MS = 10;
const STRETCHES = 2 ** 20;

/**
 * A run's id: 32 hex digits. Those of one moment are neighbours in every index that is sorted by run, so that a commit of
 * many new runs writes few pages; the first eight digits, which people tell runs apart by, differ all the same.
 */
function runIdFrom(id: string, now: number): string {
  const stretch = Math.floor(now / NEIGHBOURS_MS) % STRETCHES;
  return stretch.toString(16).padStart(5, '0') + hexId(id).slice(5);
}

export function runUseCases({ database, events, clock, ids }: ExperimentsDeps, facts: LoggedFacts): RunUseCases {
  const { dialect } = database;

  async function get(id: string): Promise<Run> {
    checkRunId(id);
    const found = await store.findRun(database.read, id);
    const [run] = found ? await loadRuns(database, [found], everything) : [];
    if (!run) throw noRun(id);
    return run;
  }

  async function open(writer: Writer, id: string): Promise<store.OpenRun> {
    const opened = await store.findOpenRun(writer, id);
    if (!opened) throw noRun(id);
    return opened;
  }

  /** Runs `work` on a run and its experiment, in one transaction. */
  async function change<Result>(
    id: string,
    work: (writer: Writer, opened: store.OpenRun) => Promise<Result>,
  ): Promise<Result> {
    checkRunId(id);
    return await database.write(async (writer) => {
      events.prepare(writer);
      return await work(writer, await open(writer, id));
    });
  }

  async function move(wanted: readonly string[], to: Lifecycle, cause: Cause): Promise<number> {
    for (const id of wanted) checkRunId(id);
    return await database.write(async (writer) => {
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
      const id = runIdFrom(ids.next('run'), clock.now());
      const name = nameOf(input.name, tags) || runNameFrom(id.slice(8));
      checkRunName(name);
      const number = experimentNumber(input.experimentId);
      const allTags = [...tags.filter((tag) => tag.key !== RUN_NAME_TAG), store.nameTag(name)];
      const info = await database.write(async (writer) => {
        events.prepare(writer);
        const [experiment, key] = await Promise.all([
          number === undefined ? undefined : findExperimentOfRuns(writer, number),
          store.nextRunKey(writer),
        ]);
        if (!experiment) throw noExperiment(input.experimentId);
        refuseInactiveExperiment(experiment);
        const run: RunInfo = {
          id,
          experimentId: experiment.id,
          name,
          userId: input.userId ?? '',
          status: 'RUNNING',
          startTime: input.startTime ?? clock.now(),
          endTime: null,
          lifecycle: 'active',
          artifactRoot: `${experiment.artifactLocation.slice(ARTIFACT_SCHEME.length)}/${id}/artifacts`,
          updatedAt: clock.now(),
        };
        await Promise.all([
          store.insertRun(writer, key, run),
          store.insertParams(dialect, writer, new Map([[key, params]])),
          store.putTags(dialect, writer, new Map([[key, allTags]])),
          events.append(writer, input.cause, {
            type: 'run.created',
            ...projectOf(experiment.name),
            subject: `run:${id}`,
            payload: { experimentId: experiment.id, name },
          }),
        ]);
        return run;
      });
      return {
        ...info,
        metrics: [],
        params: params.toSorted(byKey),
        tags: allTags.toSorted(byKey),
        datasets: [],
        modelInputs: [],
        modelOutputs: [],
      };
    },
    getRun: get,
    runsTagged: (key, value) => store.runsTagged(database.read, key, value, MOST_TAGGED),
    async getRuns(wanted) {
      const found = await loadRuns(database, await store.findRuns(database.read, wanted), everything);
      const byId = new Map(found.map((run) => [run.id, run]));
      return wanted.map((id) => byId.get(id)).filter((run) => run !== undefined);
    },
    async updateRun({ id, status, endTime, name, cause }) {
      if (name !== undefined) checkRunName(name);
      const { run, committed } = await change(id, async (writer, { run: before, experiment }) => {
        refuseInactiveRun(id, before.lifecycle);
        const after = {
          ...before,
          status: status ?? before.status,
          endTime: endTime ?? before.endTime,
          name: name ?? before.name,
          updatedAt: clock.now(),
        };
        const isSame = after.status === before.status && after.endTime === before.endTime && after.name === before.name;
        if (isSame) return { run: before, committed: undefined };
        const about = { ...projectOf(experiment.name), subject: `run:${id}` };
        const isEnd = after.status !== before.status && endedStatuses.has(after.status);
        const [settled] = await Promise.all([
          isEnd ? facts.settleRun(writer, id) : undefined,
          store.updateRun(writer, before.key, { status, endTime, name }, after.updatedAt),
          name === undefined
            ? undefined
            : store.putTags(dialect, writer, new Map([[before.key, [store.nameTag(name)]]])),
          isEnd
            ? events.append(writer, cause, {
                type: 'run.ended',
                ...about,
                payload: { experimentId: before.experimentId, status: after.status },
              })
            : events.append(writer, cause, {
                type: 'run.updated',
                ...about,
                payload: { ...(status !== undefined && { status }), ...(name !== undefined && { name }) },
              }),
        ]);
        return { run: after, committed: settled };
      });
      committed?.();
      return run;
    },
    deleteRuns: (input) => move(input.ids, 'deleted', input.cause),
    restoreRuns: (input) => move(input.ids, 'active', input.cause),
    async removeTag({ id, key, cause }) {
      await change(id, async (writer, { run, experiment }) => {
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

const byKey = (a: KeyValue, b: KeyValue): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

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
