import { DomainError } from '#kernel/errors';
import { addData } from '../data/add.ts';
import { stageInGit } from '../data/git.ts';
import type { Repository } from '../open.ts';
import { dataChanges } from './data-state.ts';
import { openLockFiles } from './lock-files.ts';
import { addressOf, isReasonToRun, isResultKept, whyText, type WhyStage } from './model.ts';
import { ignoreOutputs, saveOutputs } from './outputs.ts';
import { readPipelines } from './read-stages.ts';
import { openRunCache } from './run-cache.ts';
import { inputsNow, stageState, type StageReader } from './stage-state.ts';
import { chooseNodes, type TargetOptions } from './targets.ts';

/** A stage or data that was recorded as it is. */
export interface Committed {
  /** As dvc calls it in the working directory. */
  readonly stage: string;
  /** How it differed from what was recorded. */
  readonly why: readonly WhyStage[];
}

/**
 * Records stages and data as they lie in the checkout, without running anything: their inputs, values and outputs count as
 * those of a run. Those that have not changed are left alone.
 * @throws DomainError NOT_FOUND naming a target, an input or an output that is not there: those before it are recorded
 */
export async function commitStages(repository: Repository, options: TargetOptions): Promise<Committed[]> {
  const pipelines = await readPipelines(repository);
  const order = pipelines.graph.order.map(({ name }) => name);
  const chosen = new Set(chooseNodes(repository, pipelines, options));
  const reader: StageReader = { repository, values: new Map() };
  const locks = openLockFiles(repository.root, order);
  const runCache = openRunCache(repository.cache.folder);
  const files = new Set<string>();
  const committed: Committed[] = [];
  for (const node of pipelines.graph.order) {
    if (!chosen.has(node)) continue;
    const stage = addressOf(node, repository.here);
    if (node.kind === 'data') {
      const why = await dataChanges(repository, node);
      if (why.length === 0) continue;
      const added = await addData({ ...repository, here: '' }, node.writes);
      for (const { file, isChanged } of added) if (isChanged) files.add(file);
      committed.push({ stage, why });
      continue;
    }
    const locked = locks.entryOf(node);
    const why = (await stageState(reader, node, locked)).why.filter(isReasonToRun);
    if (why.length === 0) continue;
    const now = await inputsNow(reader, node, locked);
    const [missing] = now.missing;
    if (missing) {
      throw new DomainError('NOT_FOUND', `${stage} cannot be recorded: ${whyText(missing)}`, { field: stage });
    }
    const isKept = isResultKept(node.stage);
    const outputs = await saveOutputs(repository, node, locked, { isStored: true, isResultKept: isKept });
    const entry = { command: node.stage.command, inputs: now.inputs, params: now.params, outputs };
    if (isKept) runCache.keep(entry);
    locks.record(node, entry);
    for (const file of ignoreOutputs(repository, node)) files.add(file);
    committed.push({ stage, why });
  }
  stageInGit(repository, [...locks.written, ...files]);
  return committed;
}
