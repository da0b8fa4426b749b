// What the state of a project is and what it needs, from what its modules say. Pure, so that it can be tested.
import type { CycleRingProps, Phase } from '../../design/cycle-ring.tsx';
import type { Tone } from '../../design/state.tsx';
import type { CycleSummaryReply, DatasetSummary, DeploymentReply, PipelineRunSummary } from '../../app/replies.ts';

export interface ProjectFacts {
  readonly project: string;
  readonly revision: number;
  readonly datasets: readonly DatasetSummary[];
  readonly pipelineRun: PipelineRunSummary | undefined;
  readonly deployments: readonly DeploymentReply[];
  readonly cycle: CycleSummaryReply | undefined;
  /** Alarms that nobody has answered. */
  readonly alerts: readonly { readonly text: string; readonly href: string }[];
  /** Mean value of an answer with a known outcome, as text with its unit. */
  readonly valuePerPrediction: string | undefined;
}

interface PhaseState {
  readonly tone: Tone;
  readonly word: string;
}

/** Something a person should do or look at. */
export interface Need {
  readonly tone: 'attention' | 'danger';
  readonly text: string;
  readonly href: string;
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
  const needs = needsOf(facts);
  if (needs.some((need) => need.tone === 'danger')) return { tone: 'danger', word: 'in trouble' };
  if (needs.length > 0)
    return { tone: 'attention', word: needs.length === 1 ? '1 thing needs you' : `${needs.length} things need you` };
  if (facts.cycle?.isOpen) return { tone: 'working', word: `cycle ${facts.cycle.number} turns` };
  return facts.deployments.some((deployment) => deployment.champion)
    ? { tone: 'success', word: 'healthy' }
    : { tone: 'unknown', word: 'not serving' };
}

/** What a person should see to, the gravest first. */
export function needsOf(facts: ProjectFacts): readonly Need[] {
  const needs: Need[] = [];
  for (const deployment of facts.deployments) {
    const href = `/deployments/${deployment.name}`;
    const current = deployment.replicas.filter((replica) => replica.isCurrent);
    const failures = current.flatMap((replica) => replica.failures);
    const [differing] = current.filter((replica) => replica.differences.length > 0);
    if (deployment.breaker.state === 'open')
      needs.push({
        tone: 'danger',
        text: `${deployment.name}: breaker open, ${deployment.breaker.reason ?? 'no reason given'}`,
        href,
      });
    if (differing)
      needs.push({
        tone: 'danger',
        text: `${deployment.name}: a replica differs${differing.isWithheld ? ' and gets no requests' : ''}, ${differing.differences[0] ?? ''}`,
        href,
      });
    else if (failures[0])
      needs.push({
        tone: 'danger',
        text: `${deployment.name}: revision ${failures[0].revision} cannot be served, ${failures[0].reason}`,
        href,
      });
    if (deployment.rollout?.state === 'held')
      needs.push({
        tone: 'attention',
        text: `${deployment.name}: rollout held, ${deployment.rollout.reason ?? 'no reason given'}`,
        href,
      });
  }
  for (const { name, newest } of facts.datasets) {
    if (newest?.status === 'quarantined')
      needs.push({
        tone: 'attention',
        text: `${name} version ${newest.number} is in quarantine`,
        href: `/dataset-versions/${newest.id}`,
      });
  }
  if (facts.pipelineRun?.status === 'failed') {
    const { id, number, reason } = facts.pipelineRun;
    needs.push({
      tone: 'attention',
      text: `Pipeline run ${number} failed: ${reason ?? 'see its log'}`,
      href: `/pipeline-runs/${id}`,
    });
  }
  if (facts.cycle?.isOpen && facts.cycle.state === 'gates' && /approv/i.test(facts.cycle.reason ?? '')) {
    const { model, version, number } = facts.cycle;
    const href =
      model !== null && version !== null
        ? `/models/${model}/versions/${version}`
        : `/projects/${facts.project}/cycles/${number}`;
    needs.push({ tone: 'attention', text: `Cycle ${number}: ${facts.cycle.reason ?? ''}`, href });
  }
  needs.push(...facts.alerts.map((alert) => ({ tone: 'attention' as const, ...alert })));
  return needs.toSorted((left, right) => Number(right.tone === 'danger') - Number(left.tone === 'danger'));
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

function operationsState({ deployments, alerts }: ProjectFacts): PhaseState {
  if (deployments.some((deployment) => deployment.breaker.state === 'open'))
    return { tone: 'danger', word: 'breaker open' };
  const rollout = deployments.find((deployment) => deployment.rollout)?.rollout;
  if (rollout?.state === 'held') return { tone: 'attention', word: 'rollout held' };
  if (rollout) return { tone: 'working', word: `rollout: ${rollout.state}` };
  if (alerts.length > 0) return { tone: 'attention', word: 'alarm raised' };
  return deployments.some((deployment) => deployment.champion)
    ? { tone: 'success', word: 'serving' }
    : { tone: 'unknown', word: 'not serving' };
}
