import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import { withFrozenStage } from '#protocols/dvc';
import { stageInGit, writeWhole } from '../data/git.ts';
import type { Repository } from '../open.ts';
import { addressOf } from './model.ts';
import { readPipelines } from './read-stages.ts';
import { chooseNodes } from './targets.ts';

/**
 * Keeps stages from running, or lets them run again, in their dvc.yaml.
 * @returns the stages, as dvc calls them, that are so now
 * @throws DomainError NOT_FOUND naming a target; INVALID_ARGUMENT for one stage of several that are written as one
 */
export async function freezeStages(
  repository: Repository,
  targets: readonly string[],
  isFrozen: boolean,
): Promise<string[]> {
  const pipelines = await readPipelines(repository);
  const chosen = chooseNodes(repository, pipelines, { targets });
  const names = new Set(chosen.map(({ name }) => name));
  const files = new Set<string>();
  for (const node of chosen) {
    const address = addressOf(node, repository.here);
    if (node.kind === 'data') {
      throw invalid(`${address} tracks data and has no command to keep from running`, { field: address });
    }
    const { group } = node.stage;
    const others = [...pipelines.nodes.values()].filter(
      (each) => each.kind === 'stage' && each.file === node.file && group !== undefined && each.stage.group === group,
    );
    if (others.some(({ name }) => !names.has(name))) {
      throw invalid(`${address} is one of several stages that are written as one`, {
        field: address,
        hint: `Name all of them: ${group}.`,
      });
    }
    const whole = join(repository.root, node.file);
    const before = readFileSync(whole, 'utf8');
    const after = withFrozenStage(before, node.file, group ?? node.stage.name, isFrozen);
    if (after === before) continue;
    writeWhole(whole, after);
    files.add(node.file);
  }
  stageInGit(repository, [...files]);
  return chosen.map((node) => addressOf(node, repository.here));
}
