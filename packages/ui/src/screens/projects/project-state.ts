// What the state of a project is, from what its modules say. Pure, so that it can be tested.
import type { CycleRingProps, Phase } from '../../design/cycle-ring.tsx';
import type { Tone } from '../../design/state.tsx';
import type {
  CycleSummaryReply,
  DatasetSummary,
  DeploymentReply,
  NeedReply,
  PipelineRunSummary,
} from '../../app/replies.ts';

export interface ProjectFacts {
  readonly project: string;
  readonly revision: number;
  readonly datasets: readonly DatasetSummary[];
  readonly pipelineRun: PipelineRunSummary | undefined;
  readonly deployments: readonly DeploymentReply[];
  readonly cycle: CycleSummaryReply | undefined;
  /** What a person should see to, the gravest first. */
  readonly needs: readonly NeedReply[];
  /** Mean value of an answer with a known outcome, as text with its unit. */
  readonly valuePerPrediction: string | undefined;
}

interface PhaseState {
  readonly tone: Tone;
  readonly word: string;
}

/** The ring of a project: each phase with its state, the place of the open turn, what is live in the middle. */
export function ringOf(facts: ProjectFacts): CycleRingProps {
  const states: Record<Phase, PhaseState> = {
    design: { tone: 'success', word: `revision ${facts.revision}` },
    data: dataState(facts.datasets),
    model: modelState(facts),
    operations: operationsState(facts),
  };
  const live = facts.deployments.find((deployment) => deployment.champion);
  const lines = [healthOf(facts).word, facts.valuePerPrediction].filter((line) => line !== undefined);
  return {
    states,
    position: facts.cycle?.isOpen ? phaseOfCycle(facts.cycle.state) : undefined,
    head: live?.champion ? `v${live.champion.version} live` : 'Nothing live yet',
    lines,
  };
}

/** The one word for all of it. */
export function healthOf(facts: ProjectFacts): PhaseState {
  const { needs } = facts;
  if (needs.some(({ gravity }) => gravity === 'danger')) return { tone: 'danger', word: 'in trouble' };
  if (needs.length > 0)
    return { tone: 'attention', word: needs.length === 1 ? '1 thing needs you' : `${needs.length} things need you` };
  if (facts.cycle?.isOpen) return { tone: 'working', word: `cycle ${facts.cycle.number} turns` };
  return facts.deployments.some((deployment) => deployment.champion)
    ? { tone: 'success', word: 'healthy' }
    : { tone: 'unknown', word: 'not serving' };
}

/** Which part of the ring a turn is in. */
export function phaseOfCycle(state: CycleSummaryReply['state']): Phase {
  if (state === 'data') return 'data';
  return state === 'training' || state === 'gates' ? 'model' : 'operations';
}

function dataState(datasets: readonly DatasetSummary[]): PhaseState {
  const newest = datasets.map((dataset) => dataset.newest).filter((version) => version !== null);
  if (newest.some((version) => version.status === 'quarantined')) return { tone: 'attention', word: 'in quarantine' };
  if (newest.some((version) => version.status === 'pending')) return { tone: 'working', word: 'being checked' };
  return newest.length === 0 ? { tone: 'unknown', word: 'none yet' } : { tone: 'success', word: 'accepted' };
}

function modelState({ pipelineRun, deployments, cycle }: ProjectFacts): PhaseState {
  if (cycle?.isOpen && cycle.state === 'gates') return { tone: 'working', word: 'being judged' };
  if (pipelineRun?.status === 'queued' || pipelineRun?.status === 'running')
    return { tone: 'working', word: 'training' };
  if (pipelineRun?.status === 'failed') return { tone: 'danger', word: 'training failed' };
  if (pipelineRun?.status === 'succeeded' || deployments.some((deployment) => deployment.champion))
    return { tone: 'success', word: 'trained' };
  return { tone: 'unknown', word: 'none yet' };
}

function operationsState({ deployments, needs }: ProjectFacts): PhaseState {
  if (deployments.some((deployment) => deployment.breaker.state === 'open'))
    return { tone: 'danger', word: 'breaker open' };
  const rollout = deployments.find((deployment) => deployment.rollout)?.rollout;
  if (rollout?.state === 'held') return { tone: 'attention', word: 'rollout held' };
  if (rollout) return { tone: 'working', word: `rollout: ${rollout.state}` };
  if (needs.some(({ kind }) => kind === 'alert')) return { tone: 'attention', word: 'alarm raised' };
  return deployments.some((deployment) => deployment.champion)
    ? { tone: 'success', word: 'serving' }
    : { tone: 'unknown', word: 'not serving' };
}
