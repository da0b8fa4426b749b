import type { BreakerMode, Charter, ModelPackage, RolloutStage, ServedFlavor, ServingSettings } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
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
  /** Inputs and outputs whose values are not logged. */
  readonly redact: readonly string[];
  /** Share of the requests whose inputs and outputs are logged. */
  readonly logSample: number;
  /** How its models run. */
  readonly serving: ServingSettings;
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

/** The declaration of a deployment; undefined where no project declares it, or none any more. */
export async function declaredSpec(specs: DeploymentSpecs, deployment: string): Promise<DeploymentSpec | undefined> {
  try {
    return await specs.of(deployment);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** What a data plane needs of a model version. */
export interface ServedModel {
  readonly flavor: ServedFlavor;
  /** Of the ONNX file; of the list of files for other flavors, and for an ONNX model whose weights are in files beside it. */
  readonly digest: Digest;
  /** Of the list of files. */
  readonly packageDigest: Digest;
  readonly files: readonly ModelPackage['files'][number][];
}

/** Where it stands what a model takes: in its ONNX file, or in its MLmodel file. */
export type InputsSource = Pick<ServedModel, 'flavor' | 'digest' | 'files'>;

type Digest = `sha256:${string}`;

/** What a rollout needs of the registry: joined with `model/registry` by the composition root. */
export interface ModelSource {
  /** @throws DomainError NOT_FOUND; CONFLICT when the version is of no flavor that is served, or its files are elsewhere */
  served(model: string, version: number): Promise<ServedModel>;
  /** What a model takes; null where it does not say. @throws DomainError INVALID_ARGUMENT when it is no loadable model */
  inputs(source: InputsSource): Promise<readonly TensorSpec[] | null>;
  /** @throws DomainError CONFLICT unless the verdict exists, is about this version and passed */
  requirePassingVerdict(model: string, version: number, verdictId: string): Promise<void>;
  /** Makes the version the champion of its model; the same promotion again has no effect. */
  promote(promotion: { model: string; version: number; verdictId: string; cause: Cause }): Promise<void>;
}
