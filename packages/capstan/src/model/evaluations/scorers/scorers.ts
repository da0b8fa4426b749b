import type { Cause } from '#kernel/cause';
import { experimentNumber, hexId, projectOf, type Experiment } from '#model/experiments';
import type { EvaluationsDeps } from '../deps.ts';
import type { ScorerVersion } from '../model.ts';
import { checkScorerName, noScorer, refuseDeletedExperiment } from '../refusals.ts';
import { checkSerialized } from './check-scorer.ts';
import * as store from './scorer.store.ts';

export interface ScorerUseCases {
  /**
   * A new version, under the next number that the scorer never had.
   * @throws DomainError NOT_FOUND for the experiment, CONFLICT when it is deleted, INVALID_ARGUMENT for what is not kept
   */
  registerScorer(input: {
    readonly experimentId: string;
    readonly name: string;
    readonly serialized: string;
    readonly cause: Cause;
  }): Promise<ScorerVersion>;
  /** The newest version of each scorer of one experiment. @throws DomainError NOT_FOUND, CONFLICT when it is deleted */
  listScorers(experimentId: string): Promise<readonly ScorerVersion[]>;
  /** The same of several, or of all; those that are not there or deleted are left out. */
  listScorersOf(experimentIds: readonly string[] | undefined): Promise<readonly ScorerVersion[]>;
  /** The first one first. @throws DomainError NOT_FOUND, CONFLICT when the experiment is deleted */
  listScorerVersions(which: {
    readonly experimentId: string;
    readonly name: string;
  }): Promise<readonly ScorerVersion[]>;
  /** The newest version unless one is named. @throws DomainError NOT_FOUND, CONFLICT when the experiment is deleted */
  getScorer(which: {
    readonly experimentId: string;
    readonly name: string;
    readonly version?: number | undefined;
  }): Promise<ScorerVersion>;
  /** One version, or all of them. @throws DomainError NOT_FOUND, CONFLICT when the experiment is deleted */
  deleteScorer(which: {
    readonly experimentId: string;
    readonly name: string;
    readonly version?: number | undefined;
    readonly cause: Cause;
  }): Promise<void>;
}

export function scorerUseCases({ database, events, clock, ids, experiments }: EvaluationsDeps): ScorerUseCases {
  async function activeExperiment(id: string): Promise<Experiment> {
    const experiment = await experiments.getExperiment(id);
    refuseDeletedExperiment(experiment);
    return experiment;
  }

  /** At least one. */
  async function versions(experimentId: string, name: string): Promise<readonly ScorerVersion[]> {
    const { id } = await activeExperiment(experimentId);
    const scorer = await store.findScorer(database.read, Number(id), name);
    const found = scorer ? await store.versionsOf(database.read, scorer.id) : [];
    if (found.length === 0) throw noScorer(experimentId, name);
    return found;
  }

  return {
    async registerScorer({ experimentId, name, serialized, cause }) {
      checkScorerName(name);
      checkSerialized(serialized);
      const experiment = await activeExperiment(experimentId);
      const number = Number(experiment.id);
      return await database.write(async (writer) => {
        const known = await store.findScorer(writer, number, name);
        const scorer = known ?? { id: newScorerId(ids), experiment_id: number, name, last_version: 0 };
        if (!known) await store.insertScorer(writer, scorer);
        const version: ScorerVersion = {
          experimentId: experiment.id,
          scorerId: scorer.id,
          name,
          version: scorer.last_version + 1,
          serialized,
          createdAt: clock.now(),
        };
        await store.insertVersion(writer, version);
        await store.setLastVersion(writer, scorer.id, version.version);
        const about = { ...projectOf(experiment.name), subject: `scorer:${scorer.id}` };
        const payload = { experiment: experiment.id, name, version: version.version };
        await events.append(writer, cause, { type: 'scorer.registered', ...about, payload });
        return version;
      });
    },
    async listScorers(experimentId) {
      const { id } = await activeExperiment(experimentId);
      return await store.newestVersions(database, [Number(id)]);
    },
    listScorersOf: (experimentIds) =>
      store.newestVersions(
        database,
        experimentIds?.flatMap((id) => experimentNumber(id) ?? []),
      ),
    listScorerVersions: ({ experimentId, name }) => versions(experimentId, name),
    async getScorer({ experimentId, name, version }) {
      const all = await versions(experimentId, name);
      const found = version === undefined ? all.at(-1) : all.find((one) => one.version === version);
      if (!found) throw noScorer(experimentId, name, version);
      return found;
    },
    async deleteScorer({ experimentId, name, version, cause }) {
      const experiment = await activeExperiment(experimentId);
      await database.write(async (writer) => {
        const scorer = await store.findScorer(writer, Number(experiment.id), name);
        const gone = scorer ? await store.deleteVersions(writer, scorer.id, version) : [];
        if (!scorer || gone.length === 0) throw noScorer(experimentId, name, version);
        const about = { ...projectOf(experiment.name), subject: `scorer:${scorer.id}` };
        const payload = { experiment: experiment.id, name, versions: gone };
        await events.append(writer, cause, { type: 'scorer.deleted', ...about, payload });
      });
    },
  };
}

/** As MLflow's ids of scorers look. */
export function newScorerId(ids: EvaluationsDeps['ids']): string {
  return hexId(ids.next('scorer')).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
