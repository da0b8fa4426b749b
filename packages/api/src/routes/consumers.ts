import { z } from 'zod';
import { callersPolicy, consumerName, quota } from '../consumer.ts';
import { defineRoute } from '../route.ts';
import { deploymentName, nothing, timestamp } from '../shapes.ts';

const SMALL_BODY_BYTES = 16_384;
const DAY_MS = 86_400_000;
const MOST_OVERLAP_MS = 90 * DAY_MS;
/** Counts are kept for so long. */
const MOST_DAYS = 35;

const volume = {
  requests: z.int(),
  /** Rows that were answered. */
  rows: z.int(),
  /** Requests that were answered with an error. */
  errors: z.int(),
  /** Requests that were refused: without a token, not allowed or over the quota. */
  refused: z.int(),
};

const consumerToken = z.strictObject({
  id: z.string(),
  /** Its first characters: the rest is known to its holder alone. */
  prefix: z.string(),
  createdAt: timestamp,
  createdBy: z.string(),
  /** Not taken from then on; null while no other has taken its place. */
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
});

const consumer = z.strictObject({
  name: z.string(),
  owner: z.string(),
  purpose: z.string(),
  /** That declares it in its capstan.yaml; null for one that was made by hand. */
  project: z.string().nullable(),
  /** What it may call; null for all. */
  deployments: z.array(z.string()).nullable(),
  quota: quota.nullable(),
  /** Its declaration is gone: its tokens are not taken until it is declared again. */
  isRetired: z.boolean(),
  createdAt: timestamp,
  /** Those that are taken now, newest first. */
  tokens: z.array(consumerToken),
  lastSeenAt: timestamp.nullable(),
  /** What it asked in the last 24 hours. */
  day: z.strictObject(volume),
  /** The same by the hour, oldest first; hours without a call are left out. */
  hours: z.array(z.strictObject({ hour: timestamp, requests: z.int(), rows: z.int(), refused: z.int() })),
});
export type Consumer = z.output<typeof consumer>;
export type ConsumerToken = z.output<typeof consumerToken>;

const issued = z.strictObject({
  consumer,
  /** Shown this once. */
  token: z.string(),
});

const caller = z.strictObject({
  deployment: z.string(),
  /** Product that its user agent names; null for all those past the most that are told apart. */
  agent: z.string().nullable(),
  /** Where its calls came from; null with the agent. */
  address: z.string().nullable(),
  ...volume,
  firstSeenAt: timestamp,
  lastSeenAt: timestamp,
});
export type UndeclaredCaller = z.output<typeof caller>;

const unknownCaller = z.strictObject({
  /** First 8 hex digits of the SHA-256 of its token; null for all those past the most that are told apart. */
  token: z.string().nullable(),
  /** Whose token that was, where it was one of Capstan's; `endedAt`: since when it is not taken; null while its consumer is retired. */
  was: z.strictObject({ consumer: z.string(), prefix: z.string(), endedAt: timestamp.nullable() }).nullable(),
  /** Null where it was refused before it had said what it asks, as over gRPC. */
  deployment: z.string().nullable(),
  agent: z.string().nullable(),
  address: z.string().nullable(),
  /** All of them were refused. */
  requests: z.int(),
  firstSeenAt: timestamp,
  lastSeenAt: timestamp,
});
export type UnknownCaller = z.output<typeof unknownCaller>;

const line = z.string().trim().min(1).max(200);
const purpose = z.string().trim().min(1).max(1_000);
const fields = {
  owner: line,
  purpose,
  deployments: z.array(deploymentName).min(1).max(100).nullable().optional(),
  quota: quota.nullable().optional(),
};

const ofConsumer = z.strictObject({ consumer: consumerName });
const ofDeployment = z.strictObject({ deployment: deploymentName });
const read = { method: 'GET', permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;
const change = { permission: 'deploy', bodyLimitBytes: SMALL_BODY_BYTES, query: nothing } as const;
const days = z.coerce.number().int().min(1).max(MOST_DAYS).default(7);

/** Who calls deployments: declared consumers with their tokens and quotas, and callers that nobody has declared. */
export const consumers = {
  list: defineRoute({
    ...read,
    name: 'consumers.list',
    path: '/api/v1/consumers',
    summary: 'Declared consumers by name, with their volume',
    params: nothing,
    query: z.strictObject({ deployment: deploymentName.optional() }),
    reply: z.strictObject({ items: z.array(consumer) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    ...read,
    name: 'consumers.get',
    path: '/api/v1/consumers/:consumer',
    summary: 'One consumer, with what it asked of each deployment in the last days',
    params: ofConsumer,
    query: z.strictObject({ days }),
    reply: consumer.extend({
      byDeployment: z.array(z.strictObject({ deployment: z.string(), ...volume, lastSeenAt: timestamp })),
    }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  create: defineRoute({
    ...change,
    name: 'consumers.create',
    method: 'POST',
    path: '/api/v1/consumers',
    summary: 'Makes a consumer and its first token, which no later answer tells again',
    audit: 'consumer.create',
    params: nothing,
    body: z.strictObject({ name: consumerName, ...fields }),
    reply: issued,
    errors: ['ALREADY_EXISTS', 'INVALID_ARGUMENT'],
  }),
  set: defineRoute({
    ...change,
    name: 'consumers.set',
    method: 'PATCH',
    path: '/api/v1/consumers/:consumer',
    summary: 'Changes what is given of a consumer that was made by hand',
    audit: 'consumer.set',
    params: ofConsumer,
    body: z.strictObject(fields).partial(),
    reply: consumer,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
  rotate: defineRoute({
    ...change,
    name: 'consumers.rotate',
    method: 'POST',
    path: '/api/v1/consumers/:consumer/tokens',
    summary: 'Issues another token; the one before is taken for `overlapMs` more',
    audit: 'consumer.rotate',
    params: ofConsumer,
    body: z.strictObject({ overlapMs: z.int().min(0).max(MOST_OVERLAP_MS).default(DAY_MS) }),
    reply: issued,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
  revoke: defineRoute({
    ...change,
    name: 'consumers.revoke',
    method: 'POST',
    path: '/api/v1/consumers/:consumer/revoke',
    summary: 'Ends a token, by its prefix or id, or all of them, at once',
    audit: 'consumer.revoke',
    params: ofConsumer,
    body: z.strictObject({ token: z.string().min(1).max(64).optional(), reason: line.optional() }),
    reply: consumer,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  callers: defineRoute({
    ...read,
    name: 'consumers.callers',
    path: '/api/v1/callers',
    summary: 'Callers without a token, by their volume in the last days',
    params: nothing,
    query: z.strictObject({ deployment: deploymentName.optional(), days }),
    reply: z.strictObject({ items: z.array(caller) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  unknownCallers: defineRoute({
    ...read,
    name: 'consumers.unknownCallers',
    path: '/api/v1/unknown-callers',
    summary: 'Callers with a token that is not known, by their volume in the last days',
    params: nothing,
    query: z.strictObject({ deployment: deploymentName.optional(), days }),
    reply: z.strictObject({ items: z.array(unknownCaller) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  policy: defineRoute({
    ...read,
    name: 'consumers.policy',
    path: '/api/v1/deployments/:deployment/callers',
    summary: 'Who may call a deployment',
    params: ofDeployment,
    query: nothing,
    reply: z.strictObject({
      deployment: z.string(),
      callers: callersPolicy,
      /** That declares it so in its capstan.yaml. */
      project: z.string().nullable(),
    }),
    errors: ['NOT_FOUND'],
  }),
  setPolicy: defineRoute({
    ...change,
    name: 'consumers.setPolicy',
    method: 'PUT',
    path: '/api/v1/deployments/:deployment/callers',
    summary: 'Lets anybody call a deployment, or declared consumers only',
    audit: 'deployment.set-callers',
    params: ofDeployment,
    body: z.strictObject({ callers: callersPolicy }),
    reply: z.strictObject({ deployment: z.string(), callers: callersPolicy, project: z.string().nullable() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
};
