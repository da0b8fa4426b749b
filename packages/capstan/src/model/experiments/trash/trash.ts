import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';
import type { ExperimentsDeps } from '../deps.ts';
import { findExperiment } from '../experiment.store.ts';
import { findLoggedModel, updateLoggedModel } from '../logged-models/logged-model.store.ts';
import { projectOf } from '../project-of.ts';
import { noLoggedModel, refuseInactiveExperiment } from '../refusals.ts';
import { planPurge, type Held, type PlannedPurge, type PurgePlan, type ReadReferences } from './plan.ts';
import * as purges from './purge.store.ts';
import { limitOf, RETENTION_TAG } from './retention.ts';
import * as store from './trash.store.ts';
import { keepGreatest } from './watermark.store.ts';

export interface PurgeRequest {
  readonly keys: readonly store.TrashKey[];
  readonly references: ReadReferences;
  /** Removes what other modules keep in an experiment that goes, in the same transaction. Returns how many rows. */
  readonly emptyExperiment: (writer: Writer, experimentId: string) => Promise<number>;
  /** All or nothing: what is held, or not in the trash, is a refusal. Otherwise it is left where it is, and named. */
  readonly isStrict: boolean;
  readonly cause: Cause;
}

/** What a purge removed, or would remove. */
export interface Purged {
  readonly experiments: number;
  readonly runs: number;
  readonly loggedModels: number;
  readonly rows: number;
  readonly files: number;
  /** Bytes of each blob that the removed files had; others may have it too. */
  readonly blobs: ReadonlyMap<Digest, number>;
  /** Artifact roots that are gone. */
  readonly roots: ReadonlySet<string>;
  readonly held: readonly Held[];
}

export interface TrashUseCases {
  /** What is in the trash, last deleted first. What lies in a deleted experiment is part of it. */
  listTrash(query: store.TrashQuery): Promise<readonly store.TrashItem[]>;
  /** @throws DomainError NOT_FOUND; CONFLICT when the experiment is deleted. Returns how many were in the trash */
  restoreLoggedModels(input: { readonly ids: readonly string[]; readonly cause: Cause }): Promise<number>;
  /**
   * What has been in the trash for longer than allowed: `olderThanMs` for all when given, else the time of its
   * experiment's tag, else the installation's (null: for ever).
   */
  trashDue(limits: {
    readonly olderThanMs?: number | undefined;
    readonly retentionMs: number | null;
  }): Promise<readonly store.TrashKey[]>;
  /**
   * Removes for good. In one transaction each thing is gone for everybody; then its rows go, in portions. A killed server
   * goes on with them when it is started again.
   * @throws DomainError CONFLICT when strict and something is held (`details.held`) or active; NOT_FOUND
   */
  purge(request: PurgeRequest): Promise<Purged>;
  /** What `purge` would do, without doing it. */
  previewPurge(request: Pick<PurgeRequest, 'keys' | 'references' | 'isStrict'>): Promise<Purged>;
  /** Those of the keys that something needs. */
  heldInTrash(keys: readonly store.TrashKey[], references: ReadReferences): Promise<readonly Held[]>;
  /** Goes on with purges that a killed server had begun. */
  resumePurges(): Promise<purges.Removed>;
}

const AT_ONCE = 100;
const RESUME_AFTER_MS = 60_000;

export function trashUseCases(deps: ExperimentsDeps): TrashUseCases {
  const { database, events, clock, jobs } = deps;

  /** Makes things invisible and notes their rows for removal. */
  async function begin(
    writer: Writer,
    plan: PurgePlan,
    { cause, emptyExperiment }: Pick<PurgeRequest, 'cause' | 'emptyExperiment'>,
  ): Promise<number> {
    if (plan.go.length === 0) return 0;
    await keepGreatest(writer, 'experiments', 'id');
    await keepGreatest(writer, 'runs', 'key');
    let rows = 0;
    for (const planned of plan.go) {
      await purges.insertPurges(writer, planned.parts, clock.now());
      for (const part of planned.parts) await store.removeVisible(writer, part);
      rows += planned.parts.length;
      if (planned.kind === 'experiment') {
        rows += await emptyExperiment(writer, planned.id);
        rows += await store.removeExperiment(writer, Number(planned.id));
      }
      await events.append(writer, cause, factOf(planned));
    }
    await jobs.enqueue(writer, 'trash.resume', {}, { runAt: clock.now() + RESUME_AFTER_MS, uniqueKey: 'trash.resume' });
    return rows;
  }

  async function finish(purge: purges.Purge): Promise<purges.Removed> {
    let points = 0;
    if (purge.kind === 'run') {
      for (;;) {
        const removed = await database.write((writer) => purges.removeSomePoints(writer, Number(purge.key)));
        if (removed === 0) break;
        points += removed;
      }
    }
    const rest = await database.write((writer) => purges.finishPurge(writer, purge));
    return { ...rest, rows: rest.rows + points };
  }

  return {
    listTrash: (query) => store.listTrash(database.read, query, RETENTION_TAG),
    async restoreLoggedModels({ ids, cause }) {
      return await database.write(async (writer) => {
        let restored = 0;
        for (const id of ids) {
          const row = await findLoggedModel(writer, id);
          const experiment = row && (await findExperiment(writer, row.experiment_id));
          if (!experiment) throw noLoggedModel(id);
          if (row.lifecycle === 'active') continue;
          refuseInactiveExperiment(experiment);
          await updateLoggedModel(writer, id, { lifecycle: 'active' }, clock.now());
          const about = { ...projectOf(experiment.name), subject: `logged-model:${id}` };
          await events.append(writer, cause, { type: 'logged-model.restored', ...about, payload: {} });
          restored += 1;
        }
        return restored;
      });
    },
    async trashDue({ olderThanMs, retentionMs }) {
      const now = clock.now();
      const trashed = await store.trashedUntil(database.read, RETENTION_TAG);
      return trashed.filter(({ deletedAt, retention }) => {
        const limit = olderThanMs ?? limitOf(retention, retentionMs);
        return limit !== null && now - deletedAt >= limit;
      });
    },
    async purge({ keys, references, isStrict, ...rest }) {
      const sum = emptySum();
      const portions = isStrict ? [keys] : inPortions(keys);
      for (const portion of portions) {
        if (portion.length === 0) continue;
        const plan = await database.write(async (writer) => {
          const made = await planPurge(writer, portion, await references(writer));
          if (isStrict) refuseIncomplete(made);
          sum.rows += await begin(writer, made, rest);
          return made;
        });
        addPlan(sum, plan);
        for (const planned of plan.go) {
          for (const part of planned.parts) addRemoved(sum, await finish(part));
        }
      }
      return sum;
    },
    async previewPurge({ keys, references, isStrict }) {
      const sum = emptySum();
      const plan = await planPurge(database.read, keys, await references(database.read));
      if (isStrict) refuseIncomplete(plan);
      addPlan(sum, plan);
      for (const planned of plan.go) {
        if (planned.kind === 'experiment') sum.rows += 1;
        for (const part of planned.parts) addRemoved(sum, await purges.countPurge(database.read, part));
      }
      return sum;
    },
    async heldInTrash(keys, references) {
      return (await planPurge(database.read, keys, await references(database.read))).held;
    },
    async resumePurges() {
      const sum = emptySum();
      for (;;) {
        const open = await purges.openPurges(database.read, AT_ONCE);
        if (open.length === 0) return sum;
        for (const purge of open) addRemoved(sum, await finish(purge));
      }
    },
  };
}

function factOf(planned: PlannedPurge) {
  const about = { ...projectOf(planned.experimentName), subject: `${planned.kind}:${planned.id}` };
  const { name, experimentId, kind } = planned;
  if (kind === 'experiment') {
    const runs = planned.parts.filter((part) => part.kind === 'run').length;
    const payload = { name, runs, loggedModels: planned.parts.length - runs };
    return { type: 'experiment.purged' as const, ...about, payload };
  }
  const payload = { name, experimentId };
  return kind === 'run'
    ? { type: 'run.purged' as const, ...about, payload }
    : { type: 'logged-model.purged' as const, ...about, payload };
}

interface Sum extends Purged {
  experiments: number;
  runs: number;
  loggedModels: number;
  rows: number;
  files: number;
  blobs: Map<Digest, number>;
  roots: Set<string>;
  held: Held[];
}

function emptySum(): Sum {
  const counts = { experiments: 0, runs: 0, loggedModels: 0, rows: 0, files: 0 };
  return { ...counts, blobs: new Map(), roots: new Set(), held: [] };
}

function addPlan(sum: Sum, plan: PurgePlan): void {
  sum.held.push(...plan.held);
  for (const planned of plan.go) {
    if (planned.kind === 'experiment') sum.experiments += 1;
    for (const part of planned.parts) {
      if (part.kind === 'run') sum.runs += 1;
      else sum.loggedModels += 1;
      sum.roots.add(part.root);
    }
  }
}

function addRemoved(sum: Sum, removed: purges.Removed): void {
  sum.rows += removed.rows;
  sum.files += removed.files;
  for (const [digest, bytes] of removed.blobs) sum.blobs.set(digest, bytes);
}

function inPortions<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );
}

/** @throws DomainError NOT_FOUND, CONFLICT */
function refuseIncomplete({ absent, held }: PurgePlan): void {
  const [missing] = absent.filter((key) => !key.isActive);
  if (missing) {
    throw new DomainError('NOT_FOUND', `No ${missing.kind} '${missing.id}' is in the trash`, { field: missing.kind });
  }
  const [active] = absent;
  if (active) {
    throw conflict(`The ${active.kind} '${active.id}' is active`, {
      field: active.kind,
      hint: 'Delete it first: only what is in the trash is purged.',
    });
  }
  const [first] = held;
  if (!first) return;
  throw conflict(`The ${first.kind} '${first.id}' (${first.name}) is held by ${first.by.join(', ')}`, {
    field: first.kind,
    hint: 'Delete what holds it first, or leave it in the trash.',
    details: { held: held.map(({ kind, id, name, by }) => ({ kind, id, name, by })) },
  });
}
