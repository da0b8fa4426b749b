import type { BreakerMode, Charter, RolloutStage } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import type { TensorSpec } from '#ports/model-runtime';

/** What a decision is worth, per prediction, by decision and truth; in the charter's currency. */
export interface ValueMatrix {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** The charter's matrix as the program holds it. */
export function valueMatrixOf({ value }: Charter): ValueMatrix {
  return {
    truePositive: value.true_positive,
    falsePositive: value.false_positive,
    falseNegative: value.false_negative,
    trueNegative: value.true_negative,
  };
}

export type Analysis = 'errors' | 'latency' | 'loss';

/** What a project declares about one deployment: the part of `capstan.yaml` that this module obeys. */
export interface DeploymentSpec {
  readonly deployment: string;
  readonly project: string;
  readonly model: string;
  /** Request columns that name the example and say when it happened; null where the project declares none. */
  readonly context: { readonly id: string | null; readonly eventTime: string | null };
  readonly plan: readonly RolloutStage[];
  readonly analysis: readonly Analysis[];
  readonly value: ValueMatrix | null;
  readonly lossBudget: {
    readonly amount: number;
    readonly windowMs: number;
    readonly onExhausted: BreakerMode;
  } | null;
  /** Null: answers are what the model says. */
  readonly recalibration: {
    readonly windowMs: number;
    readonly priorRows: number;
    /** Cron, in UTC. */
    readonly schedule: string;
  } | null;
  /** When it was declared last. */
  readonly declaredAt: number;
}

/** Where declarations come from: joined with `design/projects` by the composition root. */
export interface DeploymentSpecs {
  /** @throws DomainError NOT_FOUND when no project declares the deployment */
  of(deployment: string): Promise<DeploymentSpec>;
  /** Every deployment that a project declares. */
  all(): Promise<readonly DeploymentSpec[]>;
}

/** What a rollout needs of the registry: joined with `model/registry` by the composition root. */
export interface ModelSource {
  /** Digest of the model's one ONNX file. @throws DomainError NOT_FOUND; CONFLICT when the version has no ONNX file */
  onnxDigest(model: string, version: number): Promise<`sha256:${string}`>;
  /** What a model file takes. @throws DomainError INVALID_ARGUMENT when it is no loadable model */
  inputs(digest: `sha256:${string}`): Promise<readonly TensorSpec[]>;
  /** @throws DomainError CONFLICT unless the verdict exists, is about this version and passed */
  requirePassingVerdict(model: string, version: number, verdictId: string): Promise<void>;
  /** Makes the version the champion of its model; the same promotion again has no effect. */
  promote(promotion: { model: string; version: number; verdictId: string; cause: Cause }): Promise<void>;
}
