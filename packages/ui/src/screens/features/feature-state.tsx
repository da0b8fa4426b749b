import type { FeatureViewReply } from '../../app/replies.ts';
import { State } from '../../design/state.tsx';

/** Whether a view can be used, and what its last check and its last materialization came to; the worst is said. */
export function FeatureState({ view }: { view: FeatureViewReply }) {
  const { fault, lastCheck, lastMaterialization, isOnline } = view;
  if (fault !== null) return <State tone="danger">cannot be computed</State>;
  if (lastCheck?.leakage.passed === false) return <State tone="danger">looks ahead</State>;
  if (lastMaterialization?.status === 'failed') return <State tone="danger">not brought up to date</State>;
  if (lastCheck?.skew.passed === false) return <State tone="attention">skewed</State>;
  if (isOnline && lastMaterialization === null) return <State tone="unknown">not served yet</State>;
  return lastCheck ? <State tone="success">checked</State> : <State tone="unknown">not checked</State>;
}
