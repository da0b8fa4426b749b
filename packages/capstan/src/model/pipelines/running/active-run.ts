import type { PipelineRunInput } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import type { HashMemory } from '../format.ts';
import type { PipelinesDeps } from '../deps.ts';
import type { Environment } from '#ports/python-environments';
import type { StageNode } from '#kernel/stage-graph';
import type { Executor } from '#ports/executor';
import type { Publishing } from './publishing.ts';
import type { Slots } from './slots.ts';
import type { TrailingWork } from './trailing-work.ts';
import * as store from '../store.ts';

/** A run that this job works on: everything its stages need. */
export interface ActiveRun {
  readonly deps: PipelinesDeps;
  readonly id: string;
  readonly project: string;
  readonly number: number;
  /** Of the job's claim: writes with an older one are refused. */
  readonly fence: number;
  readonly cause: Cause;
  /** Who asked for the run. */
  readonly actor: string;
  readonly cycle: string | undefined;
  readonly cutoff: number | undefined;
  readonly stageTimeoutMs: number;
  /** The workspace. */
  readonly folder: string;
  readonly codeDigest: string;
  readonly gitCommit: string | undefined;
  readonly inputs: readonly PipelineRunInput[];
  readonly nodes: readonly StageNode[];
  readonly environment: Environment;
  /** Where its commands run. */
  readonly executor: Executor;
  readonly slots: Slots;
  /** After a failure all but what depends on it goes on. */
  readonly keepsGoing: boolean;
  /** Stages that run whatever is stored of them, with the one that was asked for. */
  readonly forced: ReadonlyMap<string, string>;
  readonly memory: HashMemory;
  readonly publishing: Publishing;
  readonly trailing: TrailingWork;
  readonly stop: StopSignal;
}

/** Another server has taken the run over: whoever sees this has nothing more to say about it. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** Why work on a run should end now. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** A person asked for it; otherwise the server stops or has lost the claim. */
  isCancelled(): boolean;
}

/** One transaction that only the holder of the claim gets through. @throws ClaimLost */
export async function writeClaimed<Result>(
  run: Pick<ActiveRun, 'deps' | 'id' | 'fence'>,
  work: (writer: Writer) => Promise<Result>,
): Promise<Result> {
  return await run.deps.database.write(async (writer) => {
    if (!(await store.holds(writer, run))) throw new ClaimLost(`another server works on ${run.id} now`);
    return await work(writer);
  });
}
