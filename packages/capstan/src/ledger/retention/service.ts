import type { Cause } from '#kernel/cause';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { limitOf, type Purged, type TrashItem, type TrashKey, type TrashKind } from '#model/experiments';
import type { RetentionDeps } from './deps.ts';
import { freeBlobs, sweepBlobs, type Freed } from './free-blobs.ts';

/** Which things are meant, by kind. */
export interface Selection {
  readonly experiments: readonly string[];
  readonly runs: readonly string[];
  readonly loggedModels: readonly string[];
}

/** What was removed for good, or would be. */
export interface PurgeReport extends Pick<Purged, 'experiments' | 'runs' | 'loggedModels' | 'rows' | 'files' | 'held'> {
  readonly isDryRun: boolean;
  readonly freed: Freed;
  /** Put so recently that a later collection frees it. */
  readonly later: Freed;
}

export interface ListedItem extends Omit<TrashItem, 'retention'> {
  /** Business time at which a policy purges it; null for never. */
  readonly purgeAt: number | null;
  readonly heldBy: readonly string[];
}

export interface Retention {
  readonly retentionMs: number | null;
  /** Last deleted first. @throws DomainError INVALID_ARGUMENT for a cursor of another list */
  list(query: {
    readonly kind?: TrashKind | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly items: readonly ListedItem[]; readonly nextCursor?: string }>;
  /** Returns how many were active. @throws DomainError NOT_FOUND */
  putIntoTrash(selection: Selection, cause: Cause): Promise<number>;
  /** Returns how many were in the trash. @throws DomainError NOT_FOUND, CONFLICT */
  restore(selection: Selection, cause: Cause): Promise<number>;
  /**
   * Removes rows and bytes for good: all that is named, or nothing. Of runs found by `matching`, what is held stays.
   * @throws DomainError CONFLICT when something named is held (`details.held`) or active; NOT_FOUND
   */
  purge(
    selection: Selection & {
      readonly matching?: { readonly experimentIds: readonly string[]; readonly filter: string } | undefined;
      readonly isDryRun: boolean;
    },
    cause: Cause,
  ): Promise<PurgeReport>;
  /** Purges what is due and frees all bytes without a holder. What is held stays in the trash, and is named. */
  collect(
    request: {
      readonly olderThanMs?: number | undefined;
      readonly isDryRun: boolean;
      readonly signal?: AbortSignal | undefined;
    },
    cause: Cause,
  ): Promise<PurgeReport>;
  /** Goes on with purges that a killed server had begun. */
  resume(): Promise<void>;
}

const RUNS_A_PAGE = 1_000;

export function createRetention(deps: RetentionDeps): Retention {
  const { database, events, experiments, references, policy } = deps;
  const emptyExperiment: RetentionDeps['emptyExperiment'] = (writer, id) => deps.emptyExperiment(writer, id);

  async function record(report: PurgeReport, cause: Cause): Promise<PurgeReport> {
    const { experiments: gone, runs, loggedModels, rows, freed, isDryRun } = report;
    if (isDryRun || rows + freed.blobs === 0) return report;
    const payload = { experiments: gone, runs, loggedModels, rows, ...freed };
    await database.write((writer) =>
      events.append(writer, cause, { type: 'trash.purged', subject: 'installation:trash', payload }),
    );
    return report;
  }

  async function matchingRuns(matching: { readonly experimentIds: readonly string[]; readonly filter: string }) {
    const keys: TrashKey[] = [];
    let pageToken: string | undefined;
    do {
      const page = await experiments.searchRuns({
        ...matching,
        view: 'deleted',
        orderBy: [],
        limit: RUNS_A_PAGE,
        pageToken,
        load: { metrics: [], params: [], tags: [], inputs: false },
      });
      keys.push(...page.runs.map(({ id }) => ({ kind: 'run', id }) as const));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return keys;
  }

  return {
    retentionMs: policy.retentionMs,
    async list({ kind, cursor, limit }) {
      const question = `trash ${kind ?? ''}`;
      const after = cursor === undefined ? undefined : placeOf(readPageToken(cursor, question, 3));
      const found = await experiments.listTrash({ kind, after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const held = await experiments.heldInTrash(page, references);
      const items = page.map(({ retention, ...item }) => {
        const limitMs = limitOf(retention, policy.retentionMs);
        const heldBy = held.find((each) => each.kind === item.kind && each.id === item.id)?.by ?? [];
        return { ...item, purgeAt: limitMs === null ? null : item.deletedAt + limitMs, heldBy };
      });
      const last = page.at(-1);
      const hasMore = found.length > limit && last !== undefined;
      return {
        items,
        ...(hasMore && { nextCursor: writePageToken(question, [last.deletedAt, last.kind, last.id]) }),
      };
    },
    async putIntoTrash(selection, cause) {
      let changed = await experiments.deleteRuns({ ids: selection.runs, cause });
      for (const id of selection.loggedModels) {
        await experiments.deleteLoggedModel({ id, cause });
        changed += 1;
      }
      for (const id of selection.experiments) {
        if ((await experiments.getExperiment(id)).lifecycle === 'deleted') continue;
        await experiments.deleteExperiment({ id, cause });
        changed += 1;
      }
      return changed;
    },
    async restore(selection, cause) {
      let changed = 0;
      // First, since nothing in a deleted experiment is restored.
      for (const id of selection.experiments) {
        if ((await experiments.getExperiment(id)).lifecycle === 'active') continue;
        await experiments.restoreExperiment({ id, cause });
        changed += 1;
      }
      changed += await experiments.restoreRuns({ ids: selection.runs, cause });
      return changed + (await experiments.restoreLoggedModels({ ids: selection.loggedModels, cause }));
    },
    async purge({ matching, isDryRun, ...selection }, cause) {
      const named = { keys: keysOf(selection), references, emptyExperiment, isStrict: true, cause };
      const found = {
        keys: matching ? await matchingRuns(matching) : [],
        references,
        emptyExperiment,
        isStrict: false,
        cause,
      };
      const purge = isDryRun ? experiments.previewPurge : experiments.purge;
      const purged = together(await purge(named), await purge(found));
      const freed = await freeBlobs(deps, { candidates: purged.blobs, exceptRoots: purged.roots, isDryRun });
      return await record(reportOf(purged, freed, isDryRun), cause);
    },
    async collect({ olderThanMs, isDryRun, signal }, cause) {
      const keys = await experiments.trashDue({ olderThanMs, retentionMs: policy.retentionMs });
      const request = { keys, references, emptyExperiment, isStrict: false, cause };
      if (!isDryRun) await experiments.dropAbandonedUploads();
      const resumed = isDryRun ? undefined : await experiments.resumePurges();
      const purged = isDryRun ? await experiments.previewPurge(request) : await experiments.purge(request);
      const { freed, later } = await freeBlobs(deps, {
        candidates: purged.blobs,
        exceptRoots: purged.roots,
        isDryRun,
        signal,
      });
      const swept = await sweepBlobs(deps, { isDryRun, signal });
      const all = { blobs: freed.blobs + swept.blobs, bytes: freed.bytes + swept.bytes };
      const report = reportOf(purged, { freed: all, later }, isDryRun);
      return await record({ ...report, rows: report.rows + (resumed?.rows ?? 0) }, cause);
    },
    async resume() {
      await experiments.resumePurges();
    },
  };
}

function keysOf({ experiments, runs, loggedModels }: Selection): TrashKey[] {
  return [
    ...experiments.map((id) => ({ kind: 'experiment', id }) as const),
    ...runs.map((id) => ({ kind: 'run', id }) as const),
    ...loggedModels.map((id) => ({ kind: 'logged-model', id }) as const),
  ];
}

function together(one: Purged, other: Purged): Purged {
  return {
    experiments: one.experiments + other.experiments,
    runs: one.runs + other.runs,
    loggedModels: one.loggedModels + other.loggedModels,
    rows: one.rows + other.rows,
    files: one.files + other.files,
    blobs: new Map([...one.blobs, ...other.blobs]),
    roots: new Set([...one.roots, ...other.roots]),
    held: [...one.held, ...other.held],
  };
}

function reportOf(purged: Purged, bytes: { freed: Freed; later: Freed }, isDryRun: boolean): PurgeReport {
  const { experiments, runs, loggedModels, rows, files, held } = purged;
  return { isDryRun, experiments, runs, loggedModels, rows, files, held, ...bytes };
}

function placeOf([deletedAt, kind, id]: readonly (string | number | null)[]) {
  return { deletedAt: Number(deletedAt), kind: kind as TrashKind, id: String(id) };
}
