import { posix } from 'node:path';
import type { StageInput } from '#kernel/pipeline-definition';
import type { ChangedStage } from '../pipelines/look-ahead.ts';
import { addressOf, whyText, type WhyStage } from '../pipelines/model.ts';
import type { ChangedEntry, ChangedPath } from './model.ts';

/** A changed stage as a status tells it: all that changed as sentences, its files besides as paths. */
export function stageEntry({ node, why }: ChangedStage, here: string): ChangedEntry {
  const { stage, folder } = node;
  const pathsOf = (kind: WhyStage['kind'], files: readonly StageInput[]): ChangedPath[] =>
    why.flatMap(({ kind: each, subject, change }) => {
      const file = files.find(({ path }) => path === subject);
      if (each !== kind || !file || change === undefined) return [];
      return [{ path: file.outside === undefined ? posix.join(folder, file.file) : file.path, state: change }];
    });
  return {
    address: addressOf(node, here),
    kind: 'stage',
    outputs: pathsOf('output', stage.outputs),
    dependencies: pathsOf('input', stage.inputs),
    reasons: why.map(whyText),
  };
}
