// Words and pure rules of lineage.
import type { EventRecord, PipelineRun, ServingRole, StageAttempt } from '@capstan/api';
import type { AliasMove } from '#model/registry';

/** What stands at a place of the chain, or why nothing does. */
export type Link<Found> = { readonly found: Found } | { readonly missing: string };

/** The link behind another one: missing where that one is, for its reason. */
export async function follow<From, To>(
  from: Link<From>,
  to: (found: From) => Link<To> | Promise<Link<To>>,
): Promise<Link<To>> {
  return 'found' in from ? await to(from.found) : from;
}

/** Aliases that named a version at an instant (included). @param moves of its model, in any order */
export function aliasesAt(
  moves: readonly Pick<AliasMove, 'seq' | 'alias' | 'to' | 'at'>[],
  version: number,
  at: number,
): string[] {
  const named = new Map<string, number | null>();
  for (const move of moves.toSorted((a, b) => a.seq - b.seq)) if (move.at <= at) named.set(move.alias, move.to);
  return [...named].filter(([, to]) => to === version).map(([alias]) => alias);
}

/** An experiment run, and the attempt that it says it was made by, where Capstan did not make it. */
export interface MadeBy {
  readonly runId: string;
  readonly attempt?: string | undefined;
}

/** The attempt that an experiment run was made for. */
export function attemptOf(
  run: PipelineRun,
  { runId, attempt: said }: MadeBy,
): { readonly stage: string; readonly command: string; readonly attempt: StageAttempt } | undefined {
  for (const { name: stage, command, attempts } of run.stages) {
    const attempt = attempts.find((each) => each.runId === runId || each.id === said);
    if (attempt) return { stage, command, attempt };
  }
  return undefined;
}

/**
 * Why it is not certain that an attempt made a version, or null: one registered while the attempt was not working could
 * hold anything. The rule by which gates judge what a version was trained on.
 */
export function doubtOf(attempt: StageAttempt | undefined, registeredAt: number): string | null {
  if (!attempt) return 'the run is not one that an attempt of this pipeline run was given';
  const { startedAt, endedAt } = attempt;
  if (registeredAt >= startedAt && (endedAt === null || registeredAt <= endedAt)) return null;
  return 'the version was registered while the attempt was not working, so its files need not come from there';
}

/** The last fact of a rollout that had changed its traffic by then; facts are oldest first. */
export function lastChangeBefore(facts: readonly EventRecord[], at: number): EventRecord | undefined {
  return facts.findLast((fact) => changes.has(fact.type) && fact.at <= at);
}

const changes: ReadonlySet<string> = new Set(['rollout.started', 'rollout.stage-entered', 'rollout.ended']);

/** Why an answer has no revision. */
export function noRevision(role: ServingRole): string {
  return role === 'fallback'
    ? "the baseline's constant answered, since the breaker was open: no model took part"
    : 'no revision answered';
}

export type Precision = 'FP32' | 'FP64';

/**
 * Representable numbers from one to the other (units in the last place) in the given precision; 0 only for equal bits,
 * but that 0 and -0 are one apart. Neither may be NaN.
 */
export function ulpsBetween(a: number, b: number, precision: Precision): number {
  const difference = orderOf(a, precision) - orderOf(b, precision);
  return Number(difference < 0n ? -difference : difference);
}

/** Place of a number among all of its precision, in their order. */
function orderOf(value: number, precision: Precision): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (precision === 'FP32') view.setFloat32(0, value);
  else view.setFloat64(0, value);
  const bits = precision === 'FP32' ? BigInt(view.getInt32(0)) : view.getBigInt64(0);
  const negativeZero = precision === 'FP32' ? -(2n ** 31n) : -(2n ** 63n);
  return bits >= 0n ? bits : negativeZero - bits - 1n;
}
