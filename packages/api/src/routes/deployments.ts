import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { judgement, rolloutCheck, rolloutStage, rolloutState, stickyHeader } from '../rollout.ts';
import { servingChange, servingSettings } from '../serving-settings.ts';
import { breakerMode, inputAdapter, modelDigest, servedFlavor } from '../serving.ts';
import { deploymentName, nothing, pageOf, pageQuery, slug, timestamp } from '../shapes.ts';

const SMALL_BODY_BYTES = 65_536;

export const revision = z.strictObject({
  deployment: z.string(),
  number: z.int(),
  digest: z.string(),
  model: z.string(),
  version: z.int(),
  flavor: servedFlavor,
  modelDigest,
  threshold: z.number(),
  inputAdapters: z.record(z.string(), inputAdapter),
  /** How its model runs; what is left out is as the data plane's own settings have it. */
  serving: servingSettings,
  /** The same as `capstan deploy --set` takes it, e.g. `max_batch_size=256`. */
  servingWords: z.array(z.string()),
  createdAt: timestamp,
  createdBy: z.string(),
});
export type Revision = z.infer<typeof revision>;

export const revisionWithReigns = revision.extend({
  /** What it has otherwise than the revision made before it, in words; null for the first. */
  changes: z.array(z.string()).nullable(),
  /** The times at which it was champion, oldest first; it can be gone back to where there are any. */
  championIn: z.array(z.strictObject({ from: timestamp, to: timestamp.nullable() })),
});
export type RevisionWithReigns = z.infer<typeof revisionWithReigns>;

/** What the champion takes. */
export const deploymentRequest = z.strictObject({
  revision: z.int(),
  flavor: servedFlavor,
  /** Request columns that are logged and not fed to the model; null where no project declares any. */
  context: z.strictObject({ id: z.string().nullable(), eventTime: z.string().nullable() }),
  /** As tensors of the Open Inference Protocol, -1 for a size that each request chooses; null where the model does not say. */
  inputs: z.array(z.strictObject({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) })).nullable(),
});
export type DeploymentRequest = z.infer<typeof deploymentRequest>;

export const rollout = z.strictObject({
  id: z.string(),
  deployment: z.string(),
  /** Null where no project declares the deployment. */
  project: z.string().nullable(),
  revision: z.int(),
  from: z.int().nullable(),
  state: rolloutState,
  stage: z.int(),
  plan: z.array(rolloutStage),
  guards: z.boolean(),
  verdictId: z.string().optional(),
  cycle: z.string().optional(),
  startedAt: timestamp,
  stageStartedAt: timestamp,
  endedAt: timestamp.optional(),
  reason: z.string().optional(),
  /** A replica serves the stage under way. */
  isLive: z.boolean(),
  evidenceSeq: z.int(),
  /** The evidence as it stands. */
  checks: z.array(rolloutCheck),
});
export type Rollout = z.infer<typeof rollout>;

const replica = z.strictObject({
  replica: z.string(),
  url: z.string(),
  /** Real time. */
  reportedAt: timestamp,
  isCurrent: z.boolean(),
  revisions: z.array(z.int()),
  failures: z.array(z.strictObject({ revision: z.int(), reason: z.string() })),
  /** Revisions that it serves though something is wrong with them there. */
  warnings: z.array(z.strictObject({ revision: z.int(), reason: z.string() })),
  /** Revisions whose models are still being loaded, and what that is at. */
  loading: z.array(z.strictObject({ revision: z.int(), note: z.string() })),
  /** What it does otherwise than it was told, outside of rollouts; empty where it agrees. */
  differences: z.array(z.string()),
  /** It was told to answer no requests for the deployment until it agrees again, since another replica does. */
  isWithheld: z.boolean(),
});

export const recalibration = z.strictObject({
  revision: z.int(),
  /** Added to the log odds of the model's probabilities from then on. */
  shift: z.number(),
  at: timestamp,
  /** Event time of the labelled answers that it was fitted to; `before` is not included. */
  from: timestamp,
  before: timestamp,
  rows: z.int(),
  /** Mean log loss of those answers as they were given, with the shifts of then. */
  answeredLoss: z.number(),
  /** Mean log loss of the model alone on the same answers. */
  modelLoss: z.number(),
});
export type Recalibration = z.infer<typeof recalibration>;

export const deployment = z.strictObject({
  name: z.string(),
  /** Null where no project declares it. */
  project: z.string().nullable(),
  model: z.string(),
  champion: revision.optional(),
  rollout: rollout.optional(),
  breaker: z.strictObject({
    state: z.enum(['closed', 'open']),
    mode: breakerMode,
    reason: z.string().optional(),
    changedAt: timestamp.optional(),
    fallbackProbability: z.number().optional(),
  }),
  /** Left out where the charter declares none. */
  lossBudget: z
    .strictObject({
      amount: z.number(),
      windowMs: z.int(),
      /** False while no baseline is known: what is lost is counted against it. */
      isCounting: z.boolean(),
      /** Why nothing is counted, and what changes that. */
      reason: z.string().optional(),
    })
    .optional(),
  replicas: z.array(replica),
  /** Of the champion; absent before the first. */
  recalibration: recalibration.optional(),
  createdAt: timestamp,
});
export type Deployment = z.infer<typeof deployment>;

const deploymentParams = z.strictObject({ deployment: deploymentName });
const rolloutParams = z.strictObject({ rollout: z.string().max(64) });
const reasonBody = z.strictObject({ reason: z.string().trim().min(1, 'say why').max(2_000) });

/** What is served, and the controlled changes of it. */
export const deployments = {
  list: defineRoute({
    name: 'deployments.list',
    method: 'GET',
    path: '/api/v1/deployments',
    summary: 'Deployments by name',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: z.strictObject({ project: slug.optional() }),
    body: nothing,
    reply: pageOf(deployment),
    errors: [],
  }),
  get: defineRoute({
    name: 'deployments.get',
    method: 'GET',
    path: '/api/v1/deployments/:deployment',
    summary: 'One deployment: its champion, its rollout under way, its breaker and the replicas that serve it',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: nothing,
    body: nothing,
    reply: deployment,
    errors: ['NOT_FOUND'],
  }),
  revisions: defineRoute({
    name: 'deployments.revisions',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/revisions',
    summary: 'Revisions of a deployment, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: nothing,
    body: nothing,
    reply: pageOf(revisionWithReigns),
    errors: ['NOT_FOUND'],
  }),
  request: defineRoute({
    name: 'deployments.request',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/request',
    summary: 'What a request to a deployment holds: the inputs of its champion and the columns that are only logged',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: nothing,
    body: nothing,
    reply: deploymentRequest,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  rollouts: defineRoute({
    name: 'deployments.rollouts',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/rollouts',
    summary: 'Rollouts of a deployment, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: nothing,
    body: nothing,
    reply: pageOf(rollout),
    errors: ['NOT_FOUND'],
  }),
  recalibrations: defineRoute({
    name: 'deployments.recalibrations',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/recalibrations',
    summary: 'How the log odds of answers were moved by outcomes, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: pageQuery,
    body: nothing,
    reply: pageOf(recalibration),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  start: defineRoute({
    name: 'deployments.start',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/rollouts',
    summary: 'Starts a rollout of a model version, by the declared plan or, without guards, at once',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'rollout.start',
    params: deploymentParams,
    query: nothing,
    body: z.strictObject({
      version: z.int().min(1),
      /** Needed where no project declares the deployment; else the declared one. */
      model: z.string().min(1).max(256).optional(),
      /** Left out: the value-optimal threshold of the charter. */
      threshold: z.number().min(0).max(1).optional(),
      inputAdapters: z.record(z.string(), inputAdapter).default({}),
      serving: servingChange
        .optional()
        .meta({ description: 'How its model runs otherwise than the champion, where no project declares that' }),
      /** The gate verdict that allows it; may be left out only without guards. */
      verdictId: z.string().max(64).optional(),
      guards: z.boolean().default(true),
      split: z
        .strictObject({ share: z.number().gt(0).lt(1), sticky: stickyHeader.optional() })
        .optional()
        .meta({
          description: 'Gives it a share of the traffic until somebody decides, instead of all; only without guards',
        }),
      newInputs: z
        .boolean()
        .default(false)
        .meta({ description: 'Callers will send what this version takes, also where the champion takes other inputs' }),
      /** Constant probability of the baseline, for the breaker and for value. Left out: by the labels known now. */
      baselineProbability: z.number().min(0).max(1).optional(),
    }),
    reply: rollout,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  rollout: defineRoute({
    name: 'deployments.rollout',
    method: 'GET',
    path: '/api/v1/rollouts/:rollout',
    summary: 'One rollout with its evidence as it stands and every recorded judgement',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: rolloutParams,
    query: nothing,
    body: nothing,
    reply: rollout.extend({ judgements: z.array(judgement) }),
    errors: ['NOT_FOUND'],
  }),
  hold: defineRoute({
    name: 'deployments.hold',
    method: 'POST',
    path: '/api/v1/rollouts/:rollout/hold',
    summary: 'Freezes a rollout where it is; harm still rolls it back',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'rollout.hold',
    params: rolloutParams,
    query: nothing,
    body: reasonBody,
    reply: rollout,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  resume: defineRoute({
    name: 'deployments.resume',
    method: 'POST',
    path: '/api/v1/rollouts/:rollout/resume',
    summary: 'Lets a held rollout go on in its stage',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'rollout.resume',
    params: rolloutParams,
    query: nothing,
    body: reasonBody,
    reply: rollout,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  share: defineRoute({
    name: 'deployments.share',
    method: 'POST',
    path: '/api/v1/rollouts/:rollout/share',
    summary: 'Changes the share of traffic of a split that nobody guards; who has it keeps it while it grows',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'rollout.share',
    params: rolloutParams,
    query: nothing,
    body: reasonBody.extend({ share: z.number().gt(0).lt(1) }),
    reply: rollout,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  rollBack: defineRoute({
    name: 'deployments.rollBack',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/rollback',
    summary: 'Ends the rollout under way; without one, makes the previous champion, or the named one, answer again',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'deployment.roll-back',
    params: deploymentParams,
    query: nothing,
    body: reasonBody.extend({
      to: z.int().min(1).optional().meta({ description: 'A revision that has been champion' }),
    }),
    reply: deployment,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  openBreaker: defineRoute({
    name: 'deployments.openBreaker',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/breaker/open',
    summary: 'Makes the fallback answer in place of the champion',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'breaker.open',
    params: deploymentParams,
    query: nothing,
    body: reasonBody,
    reply: deployment,
    errors: ['NOT_FOUND'],
  }),
  closeBreaker: defineRoute({
    name: 'deployments.closeBreaker',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/breaker/close',
    summary: 'Lets the champion answer again; the loss budget is counted anew from now',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'breaker.close',
    params: deploymentParams,
    query: nothing,
    body: reasonBody,
    reply: deployment,
    errors: ['NOT_FOUND'],
  }),
};
