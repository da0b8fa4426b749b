import type { Writer } from '#database';
import type { Fact } from '#events';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError } from '#kernel/errors';
import type { ExperimentsDeps } from '../deps.ts';
import { nextExperimentId } from '../experiment.store.ts';
import { insertDatasetInputs, insertRunModels } from '../input.store.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import { ARTIFACT_SCHEME, RUN_NAME_TAG } from '../model.ts';
import { checkExperimentName, checkExperimentTag, experimentNumber } from '../naming.ts';
import { noExperiment } from '../refusals.ts';
import { runNameFrom } from '../run-name.ts';
import { nextRunKey } from '../run.store.ts';
import { hexId } from '../runs.ts';
import { checkLoggedModel, checkRun, type ForeignLoggedModel, type ForeignRun } from './foreign.ts';
import * as store from './import.store.ts';
import { placeExperiments, type ForeignExperiment, type Placement } from './placement.ts';

/** What a call brought that was not here before, and what it brought up to date. */
export interface Recorded {
  readonly added: number;
  readonly changed: number;
  readonly points: number;
}

interface FromSource {
  /** Where it comes from, for the record. */
  readonly source: string;
  readonly cause: Cause;
}

/** Objects of another tracker with their ids and times. Each call is all or nothing, and may be repeated. */
export interface ImportUseCases {
  /**
   * Finds or makes the experiments that others go into. `known` are those of earlier imports, by their id there.
   * @throws DomainError INVALID_ARGUMENT for a name or tag that none may have
   */
  importExperiments(
    input: FromSource & {
      readonly experiments: readonly ForeignExperiment[];
      readonly known: ReadonlyMap<string, string>;
      /** Decides only. */
      readonly isDryRun: boolean;
    },
  ): Promise<readonly Placement[]>;
  /**
   * Stores runs with what was logged to them; of those here already, facts and tags are brought up to date and what is
   * new is added. @throws DomainError NOT_FOUND for the experiment; CONFLICT when a run of that id is another one here;
   * INVALID_ARGUMENT as `logBatch`
   */
  importRuns(input: FromSource & { readonly runs: readonly ForeignRun[] }): Promise<Recorded>;
  /** @throws DomainError as `importRuns` */
  importLoggedModels(input: FromSource & { readonly models: readonly ForeignLoggedModel[] }): Promise<Recorded>;
}

export function importUseCases({ database, events, clock }: ExperimentsDeps, metricIds: MetricIds): ImportUseCases {
  const { dialect } = database;

  async function record(writer: Writer, { source, cause }: FromSource, kind: Kind, counts: Recorded): Promise<void> {
    if (counts.added + counts.changed + counts.points === 0) return;
    await events.append(writer, cause, recordedFact(source, kind, counts));
  }

  /** Locations of experiments by id. @throws DomainError NOT_FOUND for the first that is not here */
  async function locations(writer: Writer, ids: readonly string[]): Promise<Map<string, string>> {
    const numbers = [...new Set(ids)].map((id) => experimentNumber(id) ?? -1);
    const rows = await store.experimentsById(writer, numbers);
    const found = new Map(rows.map((row) => [String(row.id), row.artifact_location.slice(ARTIFACT_SCHEME.length)]));
    for (const id of ids) if (!found.has(id)) throw noExperiment(id);
    return found;
  }

  return {
    async importExperiments({ experiments, known, isDryRun, ...from }) {
      for (const { name, tags } of experiments) {
        checkExperimentName(name);
        for (const tag of tags) checkExperimentTag(tag);
      }
      return await database.write(async (writer) => {
        await dialect.lockChain(writer);
        const namesakes = await store.experimentsByName(
          writer,
          experiments.map(({ name }) => name),
        );
        const wanted = experiments.map(({ sourceId }) => sourceId).filter((id) => /^\d{1,15}$/.test(id));
        const taken = await store.experimentsById(writer, wanted.map(Number));
        const placements = placeExperiments(experiments, {
          byName: new Map(namesakes.map(({ name, id }) => [name, { id: String(id) }])),
          ids: new Set(taken.map(({ id }) => String(id))),
          known,
          nextId: await nextExperimentId(writer),
        });
        if (isDryRun) return placements;
        const made = experiments.flatMap((experiment, index) => {
          const place = placements[index];
          return place?.how === 'kept' || place?.how === 'renumbered' ? [{ experiment, id: Number(place.id) }] : [];
        });
        await store.insertExperiments(
          dialect,
          writer,
          made.map(({ id, experiment: { name, lifecycle, createdAt, updatedAt } }) => [
            id,
            name,
            `${ARTIFACT_SCHEME}${id}`,
            lifecycle,
            createdAt,
            updatedAt,
          ]),
        );
        const tags = experiments.flatMap((experiment, index) =>
          experiment.tags.map(({ key, value }) => [Number(placements[index]?.id), key, value] as const),
        );
        await store.addExperimentTags(dialect, writer, tags);
        await record(writer, from, 'experiment', { added: made.length, changed: 0, points: 0 });
        return placements;
      });
    },

    async importRuns({ runs, ...from }) {
      for (const run of runs) checkRun(run);
      refuseRepeats(runs);
      const names = new Set(runs.flatMap((run) => run.metrics.map((series) => series.key)));
      const { counts, ids } = await database.write(async (writer) => {
        await dialect.lockChain(writer);
        const keyed = await keyRuns(writer, runs);
        const known = keyed.filter((one) => !one.isNew);
        await refuseOtherParams(writer, known);
        const added = keyed.filter((one) => one.isNew);
        await store.insertRuns(dialect, writer, added);
        const changed = known.filter((one) => one.isChanged);
        await store.updateRuns(dialect, writer, changed);
        const params = keyed.flatMap(({ key: owner, run }) =>
          run.params.map(({ key, value }) => [owner, key, value] as const),
        );
        await store.insertRunParams(dialect, writer, params);
        await store.putRunTags(dialect, writer, keyed.flatMap(tagRows));
        for (const { key, run } of keyed) await insertReferences(writer, key, run);
        const metricKeys = await metricIds.ensure(writer, names);
        const parts = keyed.map(({ key, run }) => ({ key, metrics: run.metrics }));
        const points = await store.insertPointsOfRuns(dialect, writer, parts, metricKeys);
        const all = { added: added.length, changed: changed.length, points };
        await record(writer, from, 'run', all);
        return { counts: all, ids: metricKeys };
      });
      metricIds.remember(ids);
      return counts;
    },

    async importLoggedModels({ models, ...from }) {
      for (const model of models) checkLoggedModel(model);
      refuseRepeats(models);
      const { counts, ids } = await database.write(async (writer) => {
        await dialect.lockChain(writer);
        const places = await locations(
          writer,
          models.map((model) => model.experimentId),
        );
        const here = await store.loggedModelIds(
          writer,
          models.map((model) => model.id),
        );
        for (const model of models) {
          const experiment = here.get(model.id);
          if (experiment !== undefined && String(experiment) !== model.experimentId)
            throw otherExperiment(model, String(experiment));
        }
        await store.putLoggedModels(
          dialect,
          writer,
          models.map((model) => ({
            model,
            name: model.name || runNameFrom(hexId(model.id)),
            artifactRoot: `${places.get(model.experimentId)}/models/${model.id}/artifacts`,
          })),
        );
        for (const field of ['params', 'tags'] as const) {
          const rows = models.flatMap(({ id, [field]: texts }) =>
            texts.map(({ key, value }) => [id, key, value] as const),
          );
          await store.putLoggedModelTexts(dialect, writer, `logged_model_${field}`, rows);
        }
        const names = new Set(models.flatMap((model) => model.metrics.map((series) => series.key)));
        const metricKeys = await metricIds.ensure(writer, names);
        const points = await store.insertPointsOfModels(dialect, writer, models, metricKeys);
        const all = { added: models.length - here.size, changed: here.size, points };
        await record(writer, from, 'logged-model', all);
        return { counts: all, ids: metricKeys };
      });
      metricIds.remember(ids);
      return counts;
    },
  };

  /** Gives each run the key that it has here, or the next one. @throws DomainError NOT_FOUND, CONFLICT for its experiment */
  async function keyRuns(writer: Writer, runs: readonly ForeignRun[]): Promise<PlacedRun[]> {
    const experiments = runs.map((run) => run.experimentId);
    const places = await locations(writer, experiments);
    const ids = runs.map((run) => run.id);
    const here = new Map((await store.runsById(writer, ids)).map((run) => [run.id, run]));
    let next = await nextRunKey(writer);
    return runs.map((run): PlacedRun => {
      const known = here.get(run.id);
      if (known && known.experimentId !== run.experimentId) throw otherExperiment(run, known.experimentId);
      const name = run.name || tagOf(run, RUN_NAME_TAG) || known?.name || runNameFrom(hexId(run.id));
      return {
        key: known?.key ?? next++,
        run,
        name,
        artifactRoot: known?.artifactRoot ?? `${places.get(run.experimentId)}/${run.id}/artifacts`,
        updatedAt: Math.max(lastChange(run, clock.now()), known?.updatedAt ?? 0),
        isNew: !known,
        isChanged: known !== undefined && differs(known, run, name),
      };
    });
  }

  async function insertReferences(writer: Writer, key: number, run: ForeignRun): Promise<void> {
    await insertDatasetInputs(writer, { key, experimentId: Number(run.experimentId) }, run.datasets);
    const inputs = run.modelInputs.map((modelId) => ({ modelId, step: 0 }));
    if (inputs.length > 0) await insertRunModels(dialect, writer, key, 'input', inputs);
    if (run.modelOutputs.length > 0) await insertRunModels(dialect, writer, key, 'output', run.modelOutputs);
  }

  /** A param never changes: a run of that id with other params is another run. */
  async function refuseOtherParams(writer: Writer, runs: readonly store.KeyedRun[]): Promise<void> {
    const here = await store.paramsOf(
      writer,
      runs.map((run) => run.key),
    );
    for (const { key, run } of runs) {
      const known = here.get(key);
      const other = run.params.find((param) => (known?.get(param.key) ?? param.value) !== param.value);
      if (other) {
        throw conflict(`run ${run.id}: its param '${other.key}' has another value here`, {
          field: 'params',
          hint: 'A run of that id is here that is another one.',
        });
      }
    }
  }
}

/** A run with its key, and what it is to what is here. */
interface PlacedRun extends store.KeyedRun {
  readonly isNew: boolean;
  readonly isChanged: boolean;
}

type Kind = 'experiment' | 'run' | 'logged-model';

function recordedFact(source: string, kind: Kind, counts: Recorded): Fact<'import.recorded'> {
  return { type: 'import.recorded', subject: `import:${source}`, payload: { source, kind, ...counts } };
}

function refuseRepeats(objects: readonly { readonly id: string }[]): void {
  const seen = new Set<string>();
  for (const { id } of objects) {
    if (seen.has(id)) throw new DomainError('INVALID_ARGUMENT', `'${id}' is given twice in one call`, { field: 'id' });
    seen.add(id);
  }
}

function otherExperiment(object: { id: string; experimentId: string }, here: string): DomainError {
  return conflict(`'${object.id}' is in experiment ${here} here, not in ${object.experimentId}`, {
    field: 'experimentId',
  });
}

function tagOf(run: ForeignRun, key: string): string | undefined {
  return run.tags.find((tag) => tag.key === key)?.value;
}

function tagRows({ key: owner, run, name }: store.KeyedRun) {
  const rows = run.tags.filter((tag) => tag.key !== RUN_NAME_TAG).map(({ key, value }) => [owner, key, value] as const);
  return [...rows, [owner, RUN_NAME_TAG, name] as const];
}

/** The last sign of life: its end, its start, or its last point; never in the future. */
function lastChange(run: ForeignRun, now: number): number {
  let last = Math.max(run.startTime, run.endTime ?? 0);
  for (const { timestamps } of run.metrics) {
    for (const timestamp of timestamps) if (timestamp > last && timestamp <= now) last = Number(timestamp);
  }
  return Math.min(last, now);
}

function differs(
  known: { status: string; name: string; userId: string; startTime: number; endTime: number | null; lifecycle: string },
  run: ForeignRun,
  name: string,
): boolean {
  return (
    known.name !== name ||
    (['status', 'userId', 'startTime', 'endTime', 'lifecycle'] as const).some((field) => known[field] !== run[field])
  );
}
