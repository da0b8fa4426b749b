// For tests only: what a deployment needs of the modules before it, where they do not matter.
import type { DeploymentSpec, DeploymentSpecs, ModelSource } from '#operations/deployments';

/** A declared deployment that goes straight to all traffic. */
export const plainSpec: DeploymentSpec = {
  deployment: 'late-arrival',
  project: 'flights',
  model: 'late-arrival',
  context: { id: 'example_id', eventTime: 'event_time' },
  redact: [],
  logSample: 1,
  serving: {},
  plan: [{ kind: 'full' }],
  analysis: ['errors'],
  value: null,
  lossBudget: null,
  recalibration: null,
  declaredAt: 0,
};

/** Every version is the model file of `digest`, every verdict passes, and nobody knows a baseline. */
export function untroubled(spec: DeploymentSpec, digest: `sha256:${string}`) {
  const specs: DeploymentSpecs = { of: async () => spec, all: async () => [spec] };
  const models: ModelSource = {
    served: async () => ({ flavor: 'onnx', digest, packageDigest: digest, files: [] }),
    inputs: async () => [],
    requirePassingVerdict: async () => undefined,
    promote: async () => undefined,
  };
  return { specs, models, knownBaseline: async () => null, latestEvidence: async () => 0 };
}
