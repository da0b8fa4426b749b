import { conflict, notFound } from '#kernel/errors';
import type { ServingPlane } from '#operations/serving';

const HINT = 'Roll a version out with capstan deploy; every data plane then loads it.';

export interface RepositoryEntry {
  readonly name: string;
  readonly version?: string;
  readonly state: 'READY' | 'UNAVAILABLE';
  readonly reason: string;
}

/** Every revision that is served or could not be loaded, as Triton's model repository extension lists them. */
export function repositoryIndex(plane: ServingPlane, onlyReady: boolean): RepositoryEntry[] {
  const served = Map.groupBy(plane.statistics(), ({ deployment }) => deployment);
  const entries = plane.status().deployments.flatMap(({ name, failures }): RepositoryEntry[] => {
    const ready = (served.get(name) ?? []).map(({ revision }): RepositoryEntry => {
      return { name, version: String(revision), state: 'READY', reason: '' };
    });
    const failed = failures.map(({ revision, reason }): RepositoryEntry => {
      return { name, version: String(revision), state: 'UNAVAILABLE', reason };
    });
    if (ready.length + failed.length > 0) return [...ready, ...failed];
    return [{ name, state: 'UNAVAILABLE', reason: 'No revision of it answers' }];
  });
  return onlyReady ? entries.filter(({ state }) => state === 'READY') : entries;
}

/**
 * What is served is what the control plane declares: to load what is served already changes nothing.
 * @throws DomainError NOT_FOUND for what is not declared; UNAVAILABLE for what is and cannot answer
 */
export function load(plane: ServingPlane, model: string): void {
  if (!plane.deployments().includes(model)) throw notFound('model', model, HINT);
  plane.describe(model);
}

/** @throws DomainError NOT_FOUND, CONFLICT: what is served is taken back where it was declared */
export function unload(plane: ServingPlane, model: string): never {
  if (!plane.deployments().includes(model)) throw notFound('model', model, HINT);
  throw conflict(`${model} is served because the control plane declares it`, {
    field: 'model',
    hint: 'Take it back there: capstan deployments rollback, or open its breaker to stop its answers.',
  });
}
