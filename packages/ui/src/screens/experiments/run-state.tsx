import type { RunSummary } from '../../app/replies.ts';
import { duration } from '../../design/format.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Record<RunSummary['status'], Tone> = {
  RUNNING: 'working',
  SCHEDULED: 'unknown',
  FINISHED: 'success',
  FAILED: 'danger',
  KILLED: 'attention',
};

/** Whether a run goes on, and how it ended. One that claims to run and has long written nothing is told lost. */
export function RunState({ run, now }: { run: Pick<RunSummary, 'status' | 'liveness' | 'updatedAt'>; now: number }) {
  if (run.liveness !== 'lost') return <State tone={tones[run.status]}>{run.status.toLowerCase()}</State>;
  const silence = duration(Math.max(0, now - run.updatedAt));
  return (
    <span title={`Claims to run; its last write was ${silence} ago`}>
      <State tone="attention">{`lost, silent ${silence}`}</State>
    </span>
  );
}
