import type { SweepSummary, TrialReply } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Record<SweepSummary['state'] | TrialReply['state'], Tone> = {
  queued: 'unknown',
  waiting: 'unknown',
  running: 'working',
  succeeded: 'success',
  failed: 'danger',
  stopped: 'neutral',
  cancelled: 'attention',
};

/** How far a sweep or a trial is. */
export function SweepState({ state }: { state: keyof typeof tones }) {
  return <State tone={tones[state]}>{state === 'stopped' ? 'stopped early' : state}</State>;
}
