import type { VersionSummary } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Record<VersionSummary['status'], Tone> = {
  accepted: 'success',
  pending: 'working',
  quarantined: 'danger',
};
const words: Record<VersionSummary['status'], string> = {
  accepted: 'accepted',
  pending: 'being checked',
  quarantined: 'in quarantine',
};

/** Whether a version may be used. */
export function DatasetState({ status }: { status: VersionSummary['status'] }) {
  return <State tone={tones[status]}>{words[status]}</State>;
}
