import type { RunSummary } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Record<RunSummary['status'], Tone> = {
  RUNNING: 'working',
  SCHEDULED: 'unknown',
  FINISHED: 'success',
  FAILED: 'danger',
  KILLED: 'attention',
};

/** Longest silence of a run that is believed to be alive. */
const SILENT_MS = 3_600_000;

/** Whether a run goes on, and how it ended. One that claims to run and has long been silent is told so. */
export function RunState({ run, now }: { run: Pick<RunSummary, 'status' | 'updatedAt'>; now: number }) {
  if (run.status === 'RUNNING' && now - run.updatedAt > SILENT_MS)
    return <State tone="attention">running, silent</State>;
  return <State tone={tones[run.status]}>{run.status.toLowerCase()}</State>;
}
