import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import type { DeploymentSpecs, ModelSource } from './spec.ts';

/** The baseline's constant and what it was measured from. */
export interface KnownBaseline {
  readonly probability: number;
  readonly source: string;
}

export interface DeploymentsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock & { readonly kind: 'system' | 'simulated' };
  readonly ids: Ids;
  readonly specs: DeploymentSpecs;
  readonly models: ModelSource;
  readonly blobs: BlobStore;
  /** What doing nothing clever would predict, by the labels that are known now; null where none are. */
  knownBaseline(project: string): Promise<KnownBaseline | null>;
  /** Sequence number of the last thing logged about a deployment: a rollout judges what comes after it. */
  latestEvidence(deployment: string): Promise<number>;
}
