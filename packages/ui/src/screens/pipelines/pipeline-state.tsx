import type { PipelineRunReply } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

type Status =
  | PipelineRunReply['status']
  | PipelineRunReply['stages'][number]['status']
  | PipelineRunReply['stages'][number]['attempts'][number]['status'];

/** Tone of the state of a run, a stage or an attempt. */
export const pipelineTones: Record<Status, Tone> = {
  queued: 'unknown',
  waiting: 'unknown',
  skipped: 'unknown',
  running: 'working',
  succeeded: 'success',
  failed: 'danger',
  'timed-out': 'danger',
  lost: 'danger',
  cancelled: 'attention',
};

/** How far a run, a stage or an attempt is. */
export function PipelineState(props: {
  status: Status;
  isCached?: boolean;
  isLost?: boolean;
  word?: string | undefined;
}) {
  const { status, isCached = false, isLost = false, word } = props;
  if (isLost) return <State tone="attention">not heard of</State>;
  if (word !== undefined) return <State tone={pipelineTones[status]}>{word}</State>;
  return <State tone={pipelineTones[status]}>{isCached ? 'taken from cache' : status.replace('-', ' ')}</State>;
}
