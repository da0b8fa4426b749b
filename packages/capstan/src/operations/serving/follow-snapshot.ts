import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ServingRoute, Snapshot } from '@capstan/api';
import { DomainError, messageOf } from '#kernel/errors';
import type { ControlPlane } from './control-plane.ts';
import { keyOf } from './model-settings.ts';
import type { ModelShelf, ShelvedModel } from './model-shelf.ts';
import type { ModelSignatures } from './model-signatures.ts';
import { prepare, type ServedState } from './served-state.ts';
import { readSnapshot, storeSnapshot } from './snapshot-file.ts';
import { WARM_UP_ROWS, warmUp, type LoggedRow, type WarmUp } from './warm-up.ts';

/** What a data plane serves, kept as the control plane wants it. */
export interface SnapshotFollower {
  current(): Snapshot | undefined;
  states(): ReadonlyMap<string, ServedState>;
  isReachable(): boolean;
  /** A snapshot is known and all that it needs is loaded, or has failed for good. */
  isComplete(): boolean;
  /** Takes the stored snapshot, then follows the control plane's until stopped. */
  start(): Promise<void>;
  /** Takes the newest snapshot now, and what it leads to. @throws DomainError UNAVAILABLE */
  sync(): Promise<Snapshot>;
  /** Resolves when nothing is under way. The signal given at the start must have been aborted. */
  stop(): Promise<void>;
}

interface FollowerDeps {
  readonly file: string;
  readonly controlPlane: ControlPlane;
  readonly replica: string;
  readonly shelf: ModelShelf;
  readonly signatures: ModelSignatures;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** Tells the control plane what is served. False when it knew already. @throws DomainError UNAVAILABLE */
  reportNews(): Promise<boolean>;
  /** Takes who may call what. */
  onAccess(access: Snapshot['access']): void;
  /** Whether the control plane has acknowledged all that is served. */
  isKnown(): boolean;
}

const POLL_WAIT_MS = 20_000;
const RETRY_MS = 1_000;
/** For what was logged: a model is served without it where that takes longer. */
const LONGEST_ASKING_MS = 2_000;
/** A report may lead to another snapshot, and that one to another; no change takes more of them. */
const MOST_ROUNDS = 10;

export function createSnapshotFollower(deps: FollowerDeps): SnapshotFollower {
  const { controlPlane, shelf, log, stopping } = deps;
  let current: Snapshot | undefined;
  let states: ReadonlyMap<string, ServedState> = new Map();
  let isReachable = false;
  let following: Promise<void> | undefined;
  let applying: Promise<unknown> = Promise.resolve();

  const isComplete = (): boolean => current !== undefined && [...states.values()].every((state) => !state.isIncomplete);

  /** One after another. `before` is what was current when `next` was asked for. */
  function apply(next: Snapshot, before: Snapshot | undefined): Promise<void> {
    const last = applying;
    const applied = (async () => {
      await last;
      await applyNow(next, before);
    })();
    applying = applied.catch(() => {});
    return applied;
  }

  async function applyNow(next: Snapshot, before: Snapshot | undefined): Promise<void> {
    if (current && isComplete() && isSame(next, current)) return;
    // An answer that was overtaken by a newer one. Where none was, a lower version is a control plane that went back.
    if (current && current !== before && (next.version < current.version || next.now < current.now)) return;
    // A token that was revoked must not wait for models to be loaded.
    deps.onAccess(next.access);
    const prepared = await Promise.all(
      next.deployments.map(
        async (wanted) =>
          [wanted.name, await prepare(deps, wanted, states.get(wanted.name), warmer(wanted.name))] as const,
      ),
    );
    states = new Map(prepared);
    current = next;
    for (const [name, state] of states) {
      for (const failure of state.failures) log.error({ deployment: name, ...failure }, 'a revision cannot be served');
    }
    const needed = new Set(
      [...states.values()].flatMap((state) => [
        ...[...state.revisions.values()].map(({ model }) => keyOf(model)),
        ...state.loading.map(({ key }) => key),
      ]),
    );
    await shelf.keepOnly(needed, new Set([...states.values()].flatMap(({ warm }) => warm)));
    const routes = [...states.values()].flatMap((state) => [...state.revisions.values()].map(({ route }) => route));
    await deps.signatures.keepOnly(new Set(routes.map((route) => route.package)));
    storeSnapshot(deps.file, next);
  }

  /** Asks the control plane once for what a deployment was asked, however many of its models are new. */
  function warmer(name: string): (model: ShelvedModel, route: ServingRoute) => Promise<WarmUp> {
    let rows: Promise<readonly LoggedRow[]> | undefined;
    return async (model, { inputAdapters }) => {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(LONGEST_ASKING_MS)]);
      rows ??= controlPlane.recentInputs(name, WARM_UP_ROWS, signal).catch(() => []);
      return await warmUp(model, await rows, inputAdapters);
    };
  }

  async function follow(): Promise<void> {
    while (!stopping.aborted) {
      try {
        const isWaiting = isComplete();
        const before = current;
        const next = await controlPlane.nextSnapshot(
          isWaiting ? before : undefined,
          isWaiting ? POLL_WAIT_MS : 0,
          stopping,
          deps.replica,
        );
        isReachable = true;
        if (isWaiting && before && isSame(next, before)) continue;
        await apply(next, before);
        await deps.reportNews();
        if (!isComplete()) await pause(RETRY_MS);
      } catch (error) {
        if (stopping.aborted) return;
        if (isReachable) log.warn(`the control plane is out of reach; answering goes on: ${messageOf(error)}`);
        isReachable = false;
        await pause(RETRY_MS);
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping }).catch(() => {});
  }

  return {
    current: () => current,
    states: () => states,
    isReachable: () => isReachable,
    isComplete,
    async start() {
      const stored = readSnapshot(deps.file, log);
      if (stored) await apply(stored, undefined);
      following = follow();
    },
    async sync() {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const before = current;
        // A report that is still under way, as the follower's own, may lead to another snapshot after this one.
        const wasKnown = deps.isKnown();
        const next = await controlPlane.nextSnapshot(undefined, 0, stopping);
        await apply(next, before);
        const isToldNews = await deps.reportNews();
        if (!isComplete())
          throw new DomainError('UNAVAILABLE', 'A model file cannot be had from the control plane now');
        if (wasKnown && !isToldNews) return next;
      }
      throw new DomainError('UNAVAILABLE', 'The control plane changes faster than it can be followed');
    },
    async stop() {
      await following;
      await applying;
    },
  };
}

function isSame(a: Snapshot, b: Snapshot): boolean {
  // On the system's clock each has its own time, which is no news.
  return a.version === b.version && (a.clock === 'system' || a.now === b.now);
}
