import type { Explanation, GateVerdict, Prediction, ServingRole } from '@capstan/api';
import type { LoggedAnswer } from '#operations/predictions';
import type { LineageDeps } from './deps.ts';
import { causesOf } from './causes.ts';
import { findAnswer } from './find-answer.ts';
import { cycleLink, modelVersionLink, revisionLink, rolloutLink, type RolloutFound } from './serving-links.ts';
import { follow, type Link } from './model.ts';
import { trainingLinks } from './training-links.ts';

/**
 * Walks from an answer back to what led to it, link by link. What nobody recorded is said at its place.
 * @throws DomainError NOT_FOUND for the prediction; CONFLICT when several deployments have answered under the id
 */
export async function explain(deps: LineageDeps, id: string, role?: ServingRole): Promise<Explanation> {
  const { answer, others } = await findAnswer(deps, id, role);
  const revision = await revisionLink(deps, answer);
  const rollout = await follow(revision, (found) => rolloutLink(deps, found));
  const version = await follow(revision, (found) => modelVersionLink(deps, found, answer.predictedAt));
  const training = await trainingLinks(deps, version);
  const pipelineRun = 'found' in training.pipelineRun ? training.pipelineRun.found : undefined;
  return {
    answer,
    others: others.map(withoutInternals),
    outcome: outcomeLink(answer),
    revision,
    rollout,
    ...training,
    verdict: await follow(rollout, (found) => verdictLink(deps, found)),
    cycle: await follow(rollout, (found) => cycleLink(deps, found, pipelineRun)),
    events: await follow(rollout, (found) => causesOf(deps, found, answer.predictedAt)),
  };
}

function withoutInternals({ project: _project, requestId: _request, threshold: _threshold, ...rest }: LoggedAnswer) {
  return rest satisfies Prediction;
}

function outcomeLink({ label, labelAt }: LoggedAnswer): Explanation['outcome'] {
  if (label === undefined) return { missing: 'no outcome has come in yet' };
  return { found: { label, at: labelAt ?? 0 } };
}

async function verdictLink({ gates }: LineageDeps, rollout: RolloutFound): Promise<Link<GateVerdict>> {
  const { verdictId, guards, startedBy } = rollout;
  const by = startedBy ?? 'nobody that the record names';
  if (verdictId === undefined) {
    const how = guards ? `the rollout names none; it was started by ${by}` : `deployed with --no-guards by ${by}`;
    return { missing: `no verdict: ${how}` };
  }
  const found = await gates.find(verdictId);
  return found ? { found } : { missing: `the rollout names the verdict ${verdictId}, which is not there` };
}
