import type { Repository } from '../open.ts';
import { dataChanges } from './data-state.ts';
import { openLockFiles } from './lock-files.ts';
import {
  addressOf,
  hasStoredResults,
  isReasonToRun,
  type PipelineNode,
  type StageNode,
  type WhyStage,
} from './model.ts';
import { canRestore } from './outputs.ts';
import { readPipelines, type Pipelines } from './read-stages.ts';
import { openRunCache } from './run-cache.ts';
import { stageState, type StageReader } from './stage-state.ts';
import {
  chooseNodes,
  planOf,
  refuseContradictions,
  type PlannedNode,
  type PlanOptions,
  type TargetOptions,
} from './targets.ts';

/** What would become of a stage or data. */
export interface Outlook {
  /** As dvc calls it in the working directory. */
  readonly stage: string;
  readonly kind: PipelineNode['kind'];
  /**
   * `restore`: its outputs are in the cache; `record`: changed data is taken as it is; `may-run`: it has not changed, and
   * runs if what it reads from is made anew with other content.
   */
  readonly verdict: 'run' | 'restore' | 'record' | 'may-run' | 'leave';
  readonly why: readonly WhyStage[];
}

export interface LookOptions extends TargetOptions, PlanOptions {
  readonly isForced?: boolean;
  readonly usesRunCache?: boolean;
}

/**
 * What `reproduce` would do, without doing it.
 * @throws DomainError as `reproduce`
 */
export async function lookAhead(repository: Repository, options: LookOptions): Promise<Outlook[]> {
  refuseContradictions(options);
  const pipelines = await readPipelines(repository);
  const plan = planOf(pipelines, chooseNodes(repository, pipelines, options), options);
  const looker = lookerAt(repository, pipelines);
  const outlooks = new Map<string, Outlook>();
  for (const { node, after } of plan) {
    const own = await looker.outlookOf(node, options);
    const upstream = after.find((name) => !['leave', 'record'].includes(outlooks.get(name)?.verdict ?? 'leave'));
    const from = upstream === undefined ? undefined : outlooks.get(upstream);
    const may: WhyStage[] = from ? [{ kind: 'upstream', subject: from.stage }] : [];
    const isLeft = own.verdict === 'leave' && from !== undefined;
    outlooks.set(node.name, isLeft ? { ...own, verdict: 'may-run', why: may } : own);
  }
  return [...outlooks.values()];
}

/** A stage, and why it is not as dvc.lock records it. */
export interface ChangedStage {
  readonly node: StageNode;
  readonly why: readonly WhyStage[];
}

/**
 * The stages among some nodes that differ from what dvc.lock records, each by itself.
 * @throws DomainError INVALID_ARGUMENT for a file that cannot be read
 */
export async function changedStages(
  repository: Repository,
  pipelines: Pipelines,
  chosen: readonly PipelineNode[],
): Promise<ChangedStage[]> {
  const looker = lookerAt(repository, pipelines);
  const found: ChangedStage[] = [];
  for (const node of chosen) {
    if (node.kind !== 'stage') continue;
    const why = (await looker.whyOf(node)).filter(isReasonToRun);
    if (why.length > 0) found.push({ node, why });
  }
  return found;
}

function lookerAt(repository: Repository, { graph }: Pipelines) {
  const reader: StageReader = { repository, values: new Map() };
  const locks = openLockFiles(
    repository.root,
    graph.order.map(({ name }) => name),
  );
  const runCache = openRunCache(repository.cache.folder);
  return {
    whyOf: async (node: StageNode) => (await stageState(reader, node, locks.entryOf(node))).why,
    async outlookOf(node: PlannedNode['node'], { isForced, usesRunCache }: LookOptions): Promise<Outlook> {
      const told = { stage: addressOf(node, repository.here), kind: node.kind };
      if (node.kind === 'data') {
        const why = await dataChanges(repository, node);
        return {
          ...told,
          verdict: why.length > 0 ? 'record' : 'leave',
          why: why.length > 0 ? why : [{ kind: 'same' }],
        };
      }
      const { locked, now, why } = await stageState(reader, node, locks.entryOf(node));
      if (isForced === true)
        return { ...told, verdict: 'run', why: [{ kind: 'forced' }, ...why.filter(isReasonToRun)] };
      if (!why.some(isReasonToRun)) return { ...told, verdict: 'leave', why };
      if (!now) return { ...told, verdict: 'record', why };
      const isOnlyOutput = locked !== undefined && why.every(({ kind }) => kind === 'output');
      const outputs = node.stage.outputs.map(({ path }) => ({ path }));
      const { inputs, params, missing } = now;
      const isLookedUp = missing.length === 0 && usesRunCache !== false && hasStoredResults(node.stage);
      const kept = isLookedUp ? runCache.find({ command: node.stage.command, inputs, params, outputs }) : undefined;
      const stored = isOnlyOutput && hasStoredResults(node.stage) ? locked : kept;
      return { ...told, verdict: stored && canRestore(repository, node, stored) ? 'restore' : 'run', why };
    },
  };
}
