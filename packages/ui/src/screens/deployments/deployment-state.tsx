import type { DeploymentReply, RolloutReply } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';
import { splitOf } from './routes.ts';

/** How well a deployment is, in a word. */
export function DeploymentState({ deployment }: { deployment: DeploymentReply }) {
  if (deployment.breaker.state === 'open') return <State tone="danger">breaker open</State>;
  const current = deployment.replicas.filter((replica) => replica.isCurrent);
  if (current.some((replica) => replica.differences.length > 0)) return <State tone="danger">replica differs</State>;
  if (current.some((replica) => replica.failures.length > 0)) return <State tone="danger">revision fails</State>;
  if (!deployment.champion && current.some((replica) => replica.loading.length > 0)) {
    return <State tone="working">loading</State>;
  }
  if (!deployment.champion && !deployment.rollout) return <State tone="unknown">nothing deployed</State>;
  if (current.length === 0) return <State tone="attention">no replica reports</State>;
  if (splitOf(deployment.rollout)) return <State tone="attention">split by hand</State>;
  if (deployment.rollout?.state === 'held') return <State tone="attention">rollout held</State>;
  if (deployment.rollout) return <State tone="working">rolling out</State>;
  return <State tone="success">healthy</State>;
}

const rolloutTones: Record<RolloutReply['state'], Tone> = {
  shadow: 'working',
  canary: 'working',
  full: 'working',
  held: 'attention',
  promoted: 'success',
  'rolled-back': 'danger',
};

/** Where a rollout stands. */
export function RolloutState({ state }: { state: RolloutReply['state'] }) {
  return <State tone={rolloutTones[state]}>{state.replace('-', ' ')}</State>;
}
