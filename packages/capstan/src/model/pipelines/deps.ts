import type { Declaration } from '@capstan/api';
import type { Logger } from 'pino';
import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Cause } from '#kernel/cause';
import type { BlobStore, Digest } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import type { PipelineFormat } from './format.ts';
import type { Slots } from './running/slots.ts';
import type { Environments } from '#ports/python-environments';
import type { Executors } from './executors.ts';

/** What pipelines need of projects. */
export interface ProjectSource {
  /** @throws DomainError NOT_FOUND */
  get(name: string): Promise<{
    readonly name: string;
    readonly folder: string;
    readonly declaration: Declaration;
    readonly revision: number;
  }>;
}

/** A dataset version, as far as pipelines look at it. */
export interface SourceVersion {
  readonly id: string;
  readonly project: string;
  readonly dataset: string;
  readonly number: number;
  readonly status: 'pending' | 'accepted' | 'quarantined';
  readonly digest: string;
  readonly eventTime: { readonly min: number; readonly max: number } | null;
}

/** What pipelines need of datasets. */
export interface DatasetSource {
  /** @throws DomainError NOT_FOUND */
  get(versionId: string): Promise<SourceVersion>;
  latest(project: string, dataset: string, status: 'accepted'): Promise<SourceVersion | undefined>;
  /** The rows before an event time, as a version of their own; the same cut again is the same version. */
  cutBefore(version: SourceVersion, eventTimeBefore: number, cause: Cause): Promise<SourceVersion>;
  /**
   * Versions that hold content which a lock file names by MD5, each with the MD5s that it was recognised by; a folder's has
   * `.dir` behind it.
   */
  recognise(
    project: string,
    contents: readonly { readonly md5: string; readonly sizeBytes: number }[],
  ): Promise<readonly { readonly version: SourceVersion; readonly contents: readonly string[] }[]>;
  /** Writes the version's files into the folder. @throws DomainError CONFLICT for a version that is not accepted */
  materialise(versionId: string, folder: string): Promise<void>;
}

export interface NewTrackedRun {
  readonly attemptId: string;
  /** Name of the experiment; made when absent. */
  readonly experiment: string;
  readonly project: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: readonly TrackedInput[];
  readonly startedAt: number;
  /** Who asked for it. */
  readonly actor: string;
  readonly cause: Cause;
}

/** A dataset version that reaches a stage. */
export interface TrackedInput {
  readonly dataset: string;
  readonly versionId: string;
  readonly digest: string;
  /** The stage that it reaches. */
  readonly stage: string;
  /** The stage that reads it itself, when that is another one upstream. */
  readonly through?: string;
}

/** Experiment runs, as far as pipelines write them. Every call may be repeated. */
export interface RunTracker {
  /** Returns the id of the run made for the attempt, which is the same for the same attempt. */
  begin(run: NewTrackedRun): Promise<string>;
  /** Runs that stages of a pipeline run have made or were given, in no order. */
  ofPipelineRun(pipelineRun: string): Promise<string[]>;
  /** The run made for an attempt, if there is one: an attempt may have been cut off before it learnt of its run. */
  find(project: string, attemptId: string): Promise<string | undefined>;
  /** Adds the parameters that the run does not have: what the stage itself has logged stands. */
  logParams(runId: string, params: ReadonlyMap<string, string>, cause: Cause): Promise<void>;
  logMetrics(runId: string, metrics: ReadonlyMap<string, number>, at: number, cause: Cause): Promise<void>;
  attach(runId: string, file: { path: string; digest: Digest; sizeBytes: number }, cause: Cause): Promise<void>;
  /** Ends the run; one that was deleted meanwhile is left alone. */
  end(runId: string, status: 'FINISHED' | 'FAILED' | 'KILLED', at: number, cause: Cause): Promise<void>;
}

export interface PipelinesDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly blobs: BlobStore;
  readonly executors: Executors;
  /** Of this machine, for all runs together. */
  readonly localSlots: Slots;
  readonly format: PipelineFormat;
  readonly environments: Environments;
  readonly projects: ProjectSource;
  readonly datasets: DatasetSource;
  readonly tracker: RunTracker;
  /** `MODEL/VERSION` of the versions that were made in experiment runs. */
  modelVersionsOf(runIds: readonly string[]): Promise<readonly string[]>;
  /** Absolute. */
  readonly folders: { readonly workspaces: string; readonly logs: string; readonly data: string };
  /** PATH, HOME and LANG of commands; nothing else of the server's environment reaches them. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** Address of this server, for MLflow clients in stages. */
  trackingUrl(): string;
}
