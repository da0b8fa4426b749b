import type { CycleSummaryReply } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Record<CycleSummaryReply['state'], Tone> = {
  data: 'working',
  training: 'working',
  gates: 'working',
  rollout: 'working',
  promoted: 'success',
  refused: 'unknown',
  'rolled-back': 'attention',
  failed: 'danger',
};

/** Where a turn stands or how it ended. */
export function CycleState({ state }: { state: CycleSummaryReply['state'] }) {
  return <State tone={tones[state]}>{state.replace('-', ' ')}</State>;
}
