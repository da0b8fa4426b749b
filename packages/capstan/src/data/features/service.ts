import type { FeatureCheck, FeatureView, Materialization, TrainingSet } from '@capstan/api';
import type { Project } from '#design/projects';
import type { StoredFile } from '#http';
import type { Cause } from '#kernel/cause';
import { DomainError, notFound } from '#kernel/errors';
import type { ByteRange, Digest, LentBytes } from '#ports/blob-store';
import { check } from './check.ts';
import type { FeaturesContext, FeaturesDeps } from './deps.ts';
import { materialize } from './materialize.ts';
import { versionsOf } from './model.ts';
import { onlineFeatures, type OnlineFeatures, type OnlineRequest } from './online.ts';
import * as store from './store.ts';
import { makeTrainingSet, type TrainingSetRequest } from './training-set.ts';
import { datasetsRead, defineView, resolveView } from './view.ts';

export interface Features {
  /** Views that the project declares, with what is served of each and what was found. @throws DomainError NOT_FOUND */
  list(project: string): Promise<FeatureView[]>;
  /** Brings the online store up to date. @throws DomainError INVALID_ARGUMENT, NOT_FOUND, CONFLICT */
  materialize(project: string, view: string, cause: Cause): Promise<Materialization>;
  /** The same for all online views of a project that read a dataset; those that cannot are recorded as failed. */
  follow(project: string, dataset: string, cause: Cause, signal: AbortSignal): Promise<void>;
  /** Leakage and skew. @throws DomainError INVALID_ARGUMENT, NOT_FOUND, CONFLICT */
  check(project: string, view: string, cause: Cause): Promise<FeatureCheck>;
  online(request: OnlineRequest): Promise<OnlineFeatures>;
  makeTrainingSet(request: TrainingSetRequest): Promise<TrainingSet>;
  /** @throws DomainError NOT_FOUND */
  trainingSet(id: string): Promise<TrainingSet>;
  /** @throws DomainError NOT_FOUND */
  trainingSetFile(id: string): Promise<StoredFile>;
  readFile(file: StoredFile, range?: ByteRange): Promise<LentBytes>;
}

export function createFeatures(given: FeaturesDeps): Features {
  const deps: FeaturesContext = { ...given, columnsKnown: new Map() };
  const { database, projects } = deps;

  async function trainingSet(id: string): Promise<TrainingSet> {
    const found = await store.findTrainingSet(database.read, id);
    if (!found) throw notFound('training set', id);
    return found;
  }

  return {
    list: async (project) => list(deps, await projects.get(project)),
    materialize: async (project, view, cause) => materialize(deps, await projects.get(project), view, cause),
    async follow(name, dataset, cause, signal) {
      const project = await projects.get(name);
      for (const [view, { online }] of Object.entries(project.declaration.features)) {
        if (!online) continue;
        try {
          const { sql } = await defineView(deps, project, view);
          if (datasetsRead(project, sql).includes(dataset)) await materialize(deps, project, view, cause, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof DomainError) || error.code === 'INTERNAL') throw error;
        }
      }
    },
    check: async (project, view, cause) => check(deps, await projects.get(project), view, cause),
    online: (request) => onlineFeatures(deps, request),
    makeTrainingSet: (request) => makeTrainingSet(deps, request),
    trainingSet,
    async trainingSetFile(id) {
      const { digest, sizeBytes } = await trainingSet(id);
      return { path: `${id}.parquet`, digest: digest as Digest, sizeBytes };
    },
    readFile: (file, range) => deps.blobs.lend(file.digest, range),
  };
}

async function list(deps: FeaturesContext, project: Project): Promise<FeatureView[]> {
  const [materializations, checks] = await Promise.all([
    store.lastMaterializations(deps.database.read, project.name),
    store.lastChecks(deps.database.read, project.name),
  ]);
  return await Promise.all(
    Object.keys(project.declaration.features).map(async (name) => ({
      ...(await shown(deps, project, name)),
      lastMaterialization: materializations.get(name) ?? null,
      lastCheck: checks.get(name) ?? null,
    })),
  );
}

/** One that cannot be computed now is shown with the reason: it is there to be mended. */
async function shown(
  deps: FeaturesContext,
  project: Project,
  name: string,
): Promise<Omit<FeatureView, 'lastMaterialization' | 'lastCheck'>> {
  const declared = project.declaration.features[name];
  const common = {
    name,
    eventTime: declared?.event_time ?? '',
    path: declared?.sql ?? '',
    ttlMs: declared?.ttl ?? null,
    isOnline: declared?.online ?? false,
    description: declared?.description ?? null,
  };
  let sql = '';
  try {
    const definition = await defineView(deps, project, name);
    ({ sql } = definition);
    const { entityColumns, features, tables } = await resolveView(deps, project, definition);
    const named = (columns: typeof features) => columns.map((column) => ({ name: column.name, type: column.type }));
    return {
      ...common,
      sql,
      entities: named(entityColumns),
      features: named(features),
      versions: versionsOf(tables),
      fault: null,
    };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'INTERNAL') throw error;
    const entities = (declared?.entities ?? []).map((entity) => ({ name: entity, type: 'other' as const }));
    return { ...common, sql, entities, features: [], versions: {}, fault: error.message };
  }
}
