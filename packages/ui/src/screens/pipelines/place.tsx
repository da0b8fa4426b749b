import type { PipelineRunReply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';

export type Place = NonNullable<PipelineRunReply['place']>;

/** Where somebody ran a pipeline, as names and values. */
export function placeFacts({ host, repository, branch, commit, isDirty, commandText, experiment }: Place) {
  return [
    ...(experiment
      ? ([
          ['Experiment', experiment.name],
          ['Kept as', experiment.commit === null ? 'not kept' : <Id key="kept" value={experiment.commit} />],
        ] as const)
      : []),
    ['Machine', host],
    ['Repository', repository.remote ?? repository.name],
    ['Branch', branch ?? (commit === null ? 'not in git' : 'none')],
    [
      'Commit',
      commit === null ? (
        'none'
      ) : (
        <span key="commit">
          <Id value={commit} />
          {isDirty === true && ' and changes in no commit'}
        </span>
      ),
    ],
    ['Command', <Command key="command">{commandText}</Command>],
  ] as const;
}
