import type { ServedDeployment, ServingRoute } from '@capstan/api';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, messageOf } from '#kernel/errors';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { isOneRow } from '#ports/one-row';
import { keyOf } from './model-settings.ts';
import type { ModelShelf, ShelvedModel } from './model-shelf.ts';
import type { ModelSignatures, Signature } from './model-signatures.ts';
import type { WarmUp } from './warm-up.ts';
import { checkServable, probabilityPlace, type ProbabilityPlace } from './model-facts.ts';

export interface ServedRevision {
  readonly route: ServingRoute;
  readonly model: ShelvedModel;
  /** Null where nobody asks for a probability: no project declares what it would be worth. */
  readonly place: ProbabilityPlace | null;
  /** What its MLmodel file says that it takes; null where that says nothing, and for models that look at it themselves. */
  readonly signature: Signature | null;
  /** Whether a request is one row as a whole. */
  readonly isOneRow: boolean;
  /** How it was warmed before it took a request. */
  readonly warmUp: WarmUp | null;
}

/** One deployment as this replica answers for it. Replaced as a whole, so no request sees half a change. */
export interface ServedState {
  /** With only the routes that can answer. */
  readonly deployment: ServedDeployment;
  /** By revision number; the last known good one among them. */
  readonly revisions: ReadonlyMap<number, ServedRevision>;
  readonly failures: readonly { readonly revision: number; readonly reason: string }[];
  /** Revisions whose models are not there yet. */
  readonly loading: readonly { readonly revision: number; readonly key: string }[];
  /** Keys of models that are kept loaded beside. */
  readonly warm: readonly string[];
  /** Something could not be had now: worth another try. */
  readonly isIncomplete: boolean;
}

/** Rows that a request seems to have, before it is checked. */
export function rowsAsked({ revisions }: ServedState, inputs: readonly Tensor[]): number {
  const [any] = revisions.values();
  return any?.isOneRow === true ? 1 : (inputs[0]?.shape[0] ?? 0);
}

/**
 * The model; undefined where it takes long: an environment is built in minutes, and changes of other deployments must not
 * wait for it.
 */
async function taken(shelf: ModelShelf, route: ServingRoute): Promise<ShelvedModel | undefined> {
  const loading = shelf.take(route);
  if (route.flavor === 'onnx') return await loading;
  const waited = new AbortController();
  const patience = sleep(PATIENCE_MS, undefined, { signal: waited.signal }).catch(() => undefined);
  try {
    return await Promise.race([loading, patience]);
  } finally {
    waited.abort();
  }
}

/** Projects serve binary classifiers, whose rows are split between revisions. @throws DomainError INVALID_ARGUMENT for others */
function placeOf(wanted: ServedDeployment, route: ServingRoute, model: ShelvedModel): ProbabilityPlace | null {
  if (wanted.project === '') return null;
  checkServable(model, route.inputAdapters);
  return probabilityPlace(model.outputs);
}

const PATIENCE_MS = 500;

/** Loads what a deployment needs. Never throws: what cannot be served is named in the state. */
export async function prepare(
  { shelf, signatures }: { readonly shelf: ModelShelf; readonly signatures: ModelSignatures },
  wanted: ServedDeployment,
  before: ServedState | undefined,
  warmed: (model: ShelvedModel, route: ServingRoute) => Promise<WarmUp>,
): Promise<ServedState> {
  const { lastKnownGood } = wanted.breaker;
  const routes = [...wanted.routes, ...(lastKnownGood ? [lastKnownGood] : [])];
  const revisions = new Map<number, ServedRevision>();
  const failures = new Map<number, string>();
  const loading: { revision: number; key: string }[] = [];
  let isIncomplete = false;
  await Promise.all(
    routes.map(async (route) => {
      try {
        const model = await taken(shelf, route);
        if (model === undefined) {
          loading.push({ revision: route.revision, key: keyOf(route) });
          isIncomplete = true;
          return;
        }
        const place = placeOf(wanted, route, model);
        const known = before?.revisions.get(route.revision);
        const isWarm = known?.model === model;
        const warmUp = isWarm ? known.warmUp : await warmed(model, route);
        const signature = await signatures.of(route);
        if (signature === undefined) isIncomplete = true;
        revisions.set(route.revision, {
          route,
          model,
          place,
          signature: signature ?? null,
          isOneRow: isOneRow(model),
          warmUp,
        });
      } catch (error) {
        if (error instanceof DomainError && error.code === 'INVALID_ARGUMENT')
          failures.set(route.revision, messageOf(error));
        else {
          loading.push({ revision: route.revision, key: keyOf(route) });
          isIncomplete = true;
        }
      }
    }),
  );
  // Not waited for, and nobody's failure: it is there for the case that it is gone back to.
  for (const route of wanted.warm) shelf.keepWarm(route);
  const warm = wanted.warm.map(keyOf);
  const reported = [...failures].map(([revision, reason]) => ({ revision, reason }));
  const champion = wanted.routes.find((route) => route.role === 'champion');
  // Without its champion a deployment goes on as it was: an answer by the last state is better than none.
  if (champion && !revisions.has(champion.revision) && before)
    return { ...before, failures: reported, loading, warm, isIncomplete };
  return { deployment: withoutGaps(wanted, revisions), revisions, failures: reported, loading, warm, isIncomplete };
}

/** Whether requests can be answered, were they to come. */
export function canAnswer(state: ServedState): boolean {
  // A deployment whose first revision was rolled back has nothing to answer with, and nothing is wrong with that.
  if (state.deployment.routes.length === 0) return !state.isIncomplete && state.failures.length === 0;
  return state.deployment.routes.some(({ role, revision }) => role !== 'shadow' && state.revisions.has(revision));
}

/** Inputs that are logged and not fed to the model. */
export function contextSpecs({ deployment: { context } }: ServedState): TensorSpec[] {
  return [
    ...(context.id === null ? [] : [{ name: context.id, datatype: 'BYTES' as const, shape: [-1] }]),
    ...(context.eventTime === null ? [] : [{ name: context.eventTime, datatype: 'INT64' as const, shape: [-1] }]),
  ];
}

/** A candidate that cannot be loaded gets no rows: they are the champion's, and no lot is drawn for them. */
function withoutGaps(wanted: ServedDeployment, revisions: ReadonlyMap<number, ServedRevision>): ServedDeployment {
  const routes = wanted.routes.filter((route) => revisions.has(route.revision));
  const hasCanary = routes.some((route) => route.role === 'canary');
  const { breaker } = wanted;
  const good = breaker.lastKnownGood && revisions.has(breaker.lastKnownGood.revision) ? breaker.lastKnownGood : null;
  return {
    ...wanted,
    routes: routes.map((route) => (route.role === 'champion' && !hasCanary ? { ...route, share: 1 } : route)),
    breaker: { ...breaker, lastKnownGood: good },
  };
}
