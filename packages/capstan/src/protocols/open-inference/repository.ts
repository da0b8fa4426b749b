import { notFound } from '#kernel/errors';
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
  const entries = plane.status().deployments.flatMap(({ name, failures, models }): RepositoryEntry[] => {
    const unloaded = new Map(models.filter(({ state }) => state === 'unloaded').map((one) => [one.revision, one.note]));
    const ready = (served.get(name) ?? []).map(({ revision }): RepositoryEntry => {
      return { name, version: String(revision), state: 'READY', reason: unloaded.get(revision) ?? '' };
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
 * Has a deployment in memory. What is served is what the control plane declares: nothing else can be loaded.
 * @throws DomainError NOT_FOUND for what is not declared; UNAVAILABLE for what is and cannot answer
 */
export async function load(plane: ServingPlane, model: string): Promise<void> {
  if (!plane.deployments().includes(model)) throw notFound('model', model, HINT);
  await plane.load(model);
}

/** Gives memory back and takes no answer away: the next request loads what it needs. @throws DomainError NOT_FOUND */
export async function unload(plane: ServingPlane, model: string): Promise<void> {
  if (!plane.deployments().includes(model)) throw notFound('model', model, HINT);
  await plane.unload(model);
}
