import { spawnSync } from 'node:child_process';
import { posix } from 'node:path';
import type { ParamOverrides, ReportedPlace } from '@capstan/api';
import { conflict, messageOf } from '#kernel/errors';
import { createSchedule, type EndedStage, type ScheduleOptions } from '#kernel/stage-schedule';
import type { Executor } from '#ports/executor';
import { stageInGit } from '../data/git.ts';
import type { LockOptions } from '../locks/file-lock.ts';
import { openPathLocks } from '../locks/path-locks.ts';
import { createSharedLock } from '../locks/shared-lock.ts';
import type { Repository } from '../open.ts';
import { fetchRunCache } from '../remotes/run-cache.ts';
import { openLockFiles } from './lock-files.ts';
import { addressOf, type PipelineNode, type WhyStage } from './model.ts';
import { readPipelines } from './read-stages.ts';
import { openRunCache } from './run-cache.ts';
import { openJournal, type Journal } from '../reporting/journal.ts';
import { projectName } from '../reporting/model.ts';
import { declaredProject, placeOf } from '../reporting/place.ts';
import { clearOldRuns, makeRunFolder, type RunFolder } from './run-folder.ts';
import { bringUpToDate, type NodeEnd, type StageRun } from './run-stage.ts';
import { traceRefusal } from './trace-inputs.ts';
import {
  chooseNodes,
  planOf,
  refuseContradictions,
  type PlannedNode,
  type PlanOptions,
  type TargetOptions,
} from './targets.ts';

export interface ReproduceOptions extends TargetOptions, PlanOptions, ScheduleOptions {
  /** Runs what would be left alone. */
  readonly isForced?: boolean;
  /** Runs what reads from a stage that ran, whatever that wrote. */
  readonly isDownstreamForced?: boolean;
  readonly usesRunCache?: boolean;
  readonly isCommitted?: boolean;
  readonly isMissingAllowed?: boolean;
  /** Brings results and data that the cache lacks from the remote. */
  readonly isPulled?: boolean;
  /** Finds out which files of the repository commands read, where the platform lets us. */
  readonly isTraced?: boolean;
  readonly executor: Executor;
  /** That of the person who runs this, for the commands. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What was typed, for others who have to wait. */
  readonly commandText: string;
  /** Ends all commands, and leaves nothing half done. */
  readonly signal: AbortSignal;
  readonly lock: LockOptions;
  /** Takes down what happens, for a server that is told of it. */
  readonly journal?: {
    /** Name under which the run is told, where the checkout's capstan.yaml has none. */
    readonly project?: string | undefined;
    /** The experiment that the run is kept as, and the values that were set for it. */
    readonly experiment?: { readonly name: string; readonly params: ParamOverrides } | undefined;
    /** Called with the folder of the run, which the journal is in. */
    onOpen?(runFolder: string): void;
  };
  /** Keeps what a run without failures left, as the last of it. Returns the commit. */
  keep?(): Promise<string>;
  onBegin?(stage: string, why: readonly WhyStage[]): void;
  /** Lines that a stage printed, without the last line end. */
  onOutput?(stage: string, text: string): void;
  onEnd?(end: StageReport): void;
}

/** How one stage or data ended. */
export interface StageReport extends Omit<NodeEnd, 'outcome' | 'facts'> {
  /** As dvc calls it in the working directory. */
  readonly stage: string;
  readonly kind: PipelineNode['kind'];
  readonly outcome: NodeEnd['outcome'] | 'skipped';
  /** For a skipped one: the stage that failed. */
  readonly because?: string;
  readonly durationMs: number;
}

export interface ReproReport {
  readonly run: string;
  /** Why commands could not be traced, where that was asked for. */
  readonly notTraced?: string;
  /** In the order in which they ended. */
  readonly stages: readonly StageReport[];
}

/**
 * Brings stages up to date, what they read from first; those that do not wait for each other at once. A result is recorded
 * when its stage ends.
 * @throws DomainError for what keeps any stage from running: files that cannot be read, cycles, targets that are not there,
 *   outputs that Git tracks; CONFLICT where another command works in the repository
 */
export async function reproduce(repository: Repository, options: ReproduceOptions): Promise<ReproReport> {
  const { home, now } = repository;
  refuseContradictions(options);
  const running: StageRun['running'] = new Set();
  const pathLocks = openPathLocks(home, options.commandText);
  const lock = createSharedLock(home, options.lock, () => pathLocks.publish([...running]));
  // Git is asked while the lock is taken: both take a process or two.
  const place = options.journal && placeOf(repository, options.commandText);
  await lock.enter();
  try {
    await clearOldRuns(home, options.executor, now());
    const pipelines = await readPipelines(repository);
    const plan = planOf(pipelines, chooseNodes(repository, pipelines, options), options);
    refuseWhatGitTracks(repository, plan);
    if (options.isPulled && options.usesRunCache !== false) {
      await fetchRunCache(repository, { signal: options.signal });
    }
    const notTraced = options.isTraced === true ? traceRefusal() : undefined;
    const folder = makeRunFolder(home, runId(now()));
    const journal = place && journalFor(repository, plan, { folder, place: await place, options });
    const broken = new AbortController();
    const order = pipelines.graph.order.map(({ name }) => name);
    const run: StageRun = {
      repository,
      values: new Map(),
      locks: openLockFiles(repository.root, order),
      lock,
      pathLocks,
      running,
      runCache: openRunCache(repository.cache.folder),
      site: {
        root: repository.root,
        here: repository.here,
        executor: options.executor,
        // That of a process is asked for each variable anew.
        environment: { ...options.environment },
        folder,
        isTraced: options.isTraced === true && notTraced === undefined,
        signal: AbortSignal.any([options.signal, broken.signal]),
        tagsOf: (node) => journal?.tagsOf(node),
        onOutput: (node, text) => options.onOutput?.(addressOf(node, repository.here), text),
      },
      usesRunCache: options.usesRunCache ?? true,
      isCommitted: options.isCommitted ?? true,
      isMissingAllowed: options.isMissingAllowed ?? false,
      isPulled: options.isPulled ?? false,
      waitMs: options.lock.waitMs,
      onWait: (holder) => options.lock.onWait?.(holder),
      onBegin(node, why) {
        options.onBegin?.(addressOf(node, repository.here), why);
        if (node.kind !== 'stage') return;
        const index = plan.findIndex((each) => each.node === node);
        journal?.stageBegan(node, why, folder.logOf(index, node.stage.name));
      },
      changedFiles: new Set(),
    };
    // Each stage takes the lock for itself, and leaves it to others while its command runs.
    lock.leave();
    const stages = await toldTo(journal, options, () => runAll(run, plan, { ...options, taken: journal }, broken));
    await lock.enter();
    pathLocks.publish([]);
    stageInGit(repository, [...run.locks.written, ...run.changedFiles]);
    return { run: folder.id, stages, ...(notTraced !== undefined && { notTraced }) };
  } finally {
    lock.close();
  }
}

async function runAll(
  run: StageRun,
  plan: readonly PlannedNode[],
  options: ReproduceOptions & { readonly taken: Journal | undefined },
  broken: AbortController,
): Promise<StageReport[]> {
  const { here } = run.repository;
  const planned = new Map(plan.map((each, index) => [each.node.name, { ...each, index }]));
  const schedule = createSchedule(
    plan.map(({ node, after }) => ({ name: node.name, after })),
    options,
  );
  const reports: StageReport[] = [];
  /** Those after which what reads from them is forced, where that was asked for. */
  const fresh = new Set<string>();
  const tell = async (
    node: PipelineNode,
    { facts, ...report }: StageReport & Pick<NodeEnd, 'facts'>,
  ): Promise<void> => {
    reports.push(report);
    options.onEnd?.(report);
    if (node.kind === 'stage') await options.taken?.stageEnded(node, { ...report, ...(facts && { facts }) });
  };
  const tellOthers = async (ended: readonly EndedStage[]): Promise<void> => {
    for (const { name, end, because } of ended) {
      const node = planned.get(name)?.node;
      const cause = because === undefined ? undefined : planned.get(because)?.node;
      if (!node || (end !== 'skipped' && end !== 'cancelled')) continue;
      const told = { stage: addressOf(node, here), kind: node.kind, why: [], warnings: [], durationMs: 0 };
      await tell(node, { ...told, outcome: end, ...(cause && { because: addressOf(cause, here) }) });
    }
  };
  const runOne = async (name: string): Promise<void> => {
    const one = planned.get(name);
    if (!one) return;
    const beganMs = performance.now();
    const isForced =
      options.isForced === true || (options.isDownstreamForced === true && one.after.some((each) => fresh.has(each)));
    const end = await bringUpToDate(run, one.node, { index: one.index, isForced });
    if (end.outcome === 'ran' || end.outcome === 'restored' || isForced) fresh.add(name);
    const stage = addressOf(one.node, here);
    await tell(one.node, { stage, kind: one.node.kind, durationMs: performance.now() - beganMs, ...end });
    const isDone = end.outcome !== 'failed' && end.outcome !== 'cancelled';
    await tellOthers(schedule.end(name, isDone ? 'done' : (end.outcome as 'failed' | 'cancelled')).slice(1));
  };
  const tasks = new Map<string, Promise<void>>();
  try {
    while (!schedule.isOver) {
      if (options.signal.aborted) await tellOthers(schedule.cancel());
      for (const name of schedule.take()) {
        tasks.set(
          name,
          runOne(name).finally(() => tasks.delete(name)),
        );
      }
      if (tasks.size > 0) await Promise.race(tasks.values());
    }
    return reports;
  } finally {
    // Nothing runs on after a failure of ours.
    broken.abort();
    await Promise.allSettled(tasks.values());
  }
}

function journalFor(
  repository: Repository,
  plan: readonly PlannedNode[],
  { folder, place, options }: { folder: RunFolder; place: ReportedPlace; options: ReproduceOptions },
): Journal | undefined {
  const { root, now } = repository;
  const project = options.journal?.project ?? declaredProject(root) ?? projectName(place.repository.name);
  const { name, params } = options.journal?.experiment ?? {};
  const told = name === undefined ? place : { ...place, experiment: { name: name.slice(0, 200), commit: null } };
  const journal = openJournal(plan, { project, place: told, params, root, runFolder: folder.path, now });
  if (journal) options.journal?.onOpen?.(folder.path);
  return journal;
}

/** The journal ends as the run does, whatever ends it. */
async function toldTo(
  journal: Journal | undefined,
  { signal, keep }: Pick<ReproduceOptions, 'signal' | 'keep'>,
  work: () => Promise<StageReport[]>,
): Promise<StageReport[]> {
  try {
    const stages = await work();
    const failed = stages.find(({ outcome }) => outcome === 'failed');
    const outcome = signal.aborted ? 'cancelled' : failed ? 'failed' : 'succeeded';
    const keptAs = outcome === 'succeeded' ? await keep?.() : undefined;
    journal?.end(outcome, failed ? `The stage '${failed.stage}' failed: ${failed.reason}` : null, keptAs);
    return stages;
  } catch (error) {
    journal?.end('failed', messageOf(error));
    throw error;
  }
}

/** Sorts by time. */
function runId(atMs: number): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  return `${time}-${process.pid.toString(36)}${Math.floor(atMs % 1000).toString(36)}`;
}

/** @throws DomainError CONFLICT naming the first output that Git keeps already and the cache would keep, too */
function refuseWhatGitTracks({ root, isInGit }: Repository, plan: readonly PlannedNode[]): void {
  if (!isInGit) return;
  const outputs = plan.flatMap(({ node }) =>
    node.kind === 'stage'
      ? node.stage.outputs.filter(({ isCached }) => isCached).map(({ file }) => ({ node, file }))
      : [],
  );
  const cached = new Map(outputs.map(({ node, file }) => [posix.join(node.folder, file), node] as const));
  if (cached.size === 0) return;
  const asked = cached.size > MOST_PATHS_ASKED ? [] : [...cached.keys()].map((path) => `:(literal)${path}`);
  const { status, stdout } = spawnSync('git', ['ls-files', '-z', '--', ...asked], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0 || stdout === '') return;
  const tracked = stdout.split('\0').filter(Boolean);
  const found = tracked.flatMap((file) =>
    [...cached.keys()].filter((path) => file === path || file.startsWith(`${path}/`)),
  )[0];
  if (found === undefined) return;
  throw conflict(`Git tracks '${found}', an output of ${cached.get(found)?.name}`, {
    field: found,
    hint: `Take it out of Git first, the file stays: git rm -r --cached '${found}' && git commit -m "stop tracking ${found}"`,
  });
}

const MOST_PATHS_ASKED = 500;
