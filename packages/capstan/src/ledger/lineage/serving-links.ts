import type {
  CycleStep,
  CycleSummary,
  Explanation,
  Judgement,
  PipelineRunSummary,
  Revision,
  Rollout,
} from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { AliasMove } from '#model/registry';
import type { LoggedAnswer } from '#operations/predictions';
import type { LineageDeps } from './deps.ts';
import { aliasesAt, noRevision, type Link } from './model.ts';

export type RolloutFound = Rollout & { readonly startedBy: string | null; readonly decisions: Judgement[] };

/** What is missing where a lookup finds nothing; any other failure is one. */
async function lookUp<Found>(work: () => Promise<Found>, missing: string): Promise<Link<Found>> {
  try {
    return { found: await work() };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return { missing };
    throw error;
  }
}

export async function revisionLink({ deployments }: LineageDeps, answer: LoggedAnswer): Promise<Link<Revision>> {
  if (answer.revision === 0) return { missing: noRevision(answer.role) };
  const found = await deployments.revision(answer.deployment, answer.revision);
  return found ? { found } : { missing: `revision ${answer.revision} of ${answer.deployment} is not on record` };
}

/** The rollout that a revision was made for, and the judgements that moved it. */
export async function rolloutLink(
  { deployments, events }: LineageDeps,
  { deployment, number }: Revision,
): Promise<Link<RolloutFound>> {
  const found = (await deployments.rollouts(deployment)).find(({ revision }) => revision === number);
  if (!found) return { missing: `no rollout brought revision ${number}` };
  const [started] = await events.list({ subject: `rollout:${found.id}`, type: 'rollout.started', limit: 1 });
  const judgements = await deployments.judgements(found.id);
  return {
    found: {
      ...found,
      startedBy: started?.actor ?? null,
      decisions: judgements.filter(({ verdict }) => verdict !== 'continue'),
    },
  };
}

export type VersionFound = Extract<Explanation['modelVersion'], { found: unknown }>['found'] & {
  readonly runId: string | null;
};

const MOVES_A_PAGE = 1_000;

export async function modelVersionLink(
  { registry }: LineageDeps,
  { model, version, modelDigest: digest }: Revision,
  at: number,
): Promise<Link<VersionFound>> {
  const key = `${model}/${version}`;
  return await lookUp(async () => {
    const { source, runId, createdAt, createdBy, aliases } = await registry.getVersion(model, version);
    const aliasesThen = aliasesAt(await allMoves(registry, model), version, at);
    return { model, version, digest, source, runId, createdAt, createdBy, aliasesThen, aliasesNow: [...aliases] };
  }, `the model version ${key} was deleted; its file was ${digest}`);
}

async function allMoves(registry: LineageDeps['registry'], model: string): Promise<AliasMove[]> {
  const moves: AliasMove[] = [];
  for (;;) {
    const before = moves.at(-1)?.seq;
    const page = await registry.aliasHistory({ model, before, limit: MOVES_A_PAGE });
    moves.push(...page);
    if (page.length < MOVES_A_PAGE) return moves;
  }
}

/** The turn that rolled the revision out, else the one that trained its model. */
export async function cycleLink(
  { retraining }: LineageDeps,
  rollout: RolloutFound,
  pipelineRun: PipelineRunSummary | undefined,
): Promise<Link<CycleSummary & { decisions: CycleStep[] }>> {
  const id = rollout.cycle ?? pipelineRun?.cycle ?? undefined;
  const { project } = rollout;
  if (id === undefined || project === null) {
    return { missing: `no turn of the cycle: the rollout was started by ${rollout.startedBy ?? 'nobody on record'}` };
  }
  return await lookUp(async () => {
    const { steps, ...summary } = await retraining.get(project, id);
    return { ...summary, decisions: steps.filter(({ step }) => step === 'trigger') };
  }, `the turn ${id} is not on record`);
}
