import type { LockedStage } from '#protocols/dvc';
import { isInCache } from '../cache/is-in-cache.ts';
import { checkoutOne } from '../data/checkout.ts';
import type { Repository } from '../open.ts';
import { fetchObjects, type WantedObject } from '../remotes/fetch.ts';
import type { DataNode, StageNode } from './model.ts';
import { byPath, idOf } from './stage-state.ts';

/**
 * Brings what the cache lacks of a result from the remote. What cannot be brought is left to the stage to make.
 * @throws DomainError for a remote that is not set, refuses, or stays unreachable
 */
export async function pullResult(
  repository: Repository,
  { stage }: StageNode,
  result: LockedStage,
  signal: AbortSignal,
): Promise<void> {
  const made = byPath(result.outputs);
  const lacking = stage.outputs.flatMap(({ path, remote }) => {
    const id = idOf(made.get(path));
    return id && !isInCache(repository, id) ? [{ remote, wanted: { ...id, path } }] : [];
  });
  await fetchLacking(repository, lacking, signal);
}

/** Brings tracked data that the checkout lacks, from the remote where the cache lacks it too. @throws as `pullResult` */
export async function pullMissingData(
  repository: Repository,
  { outputs }: DataNode,
  signal: AbortSignal,
): Promise<void> {
  for (const { path, output } of outputs) {
    const { md5, scheme, remote } = output;
    if (md5 === undefined || !output.isCached) continue;
    const id = { md5, scheme };
    if (!isInCache(repository, id)) await fetchLacking(repository, [{ remote, wanted: { ...id, path } }], signal);
    if (isInCache(repository, id)) {
      await checkoutOne(repository, { path, isExecutable: output.isExecutable === true }, id, {});
    }
  }
}

interface Lacking {
  readonly remote: string | undefined;
  readonly wanted: WantedObject;
}

async function fetchLacking(repository: Repository, lacking: readonly Lacking[], signal: AbortSignal): Promise<void> {
  for (const [remote, objects] of Map.groupBy(lacking, (each) => each.remote)) {
    const wanted = objects.map((each) => each.wanted);
    await fetchObjects(repository, wanted, { signal, remote });
  }
}
