import { z } from 'zod';
import { callCount } from '../consumer.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { modelDigest, modelPackage, replicaReport, snapshot, withheldTraffic } from '../serving.ts';
import { deploymentName, nothing, timestamp } from '../shapes.ts';

const REPORT_BODY_BYTES = 262_144;
const CALLS_BODY_BYTES = 16_777_216;
/** A segment is rolled far below this; one request's record may be large. */
const SEGMENT_BODY_BYTES = 67_108_864;

const replicaName = z.string().min(1).max(64);

/** Where replicas of the data plane get what to serve and leave what they logged. */
export const serving = {
  snapshot: defineRoute({
    name: 'serving.snapshot',
    method: 'GET',
    path: '/api/v1/serving/snapshot',
    summary: 'The routing snapshot; waits up to `waitMs` while it is still the one the caller has',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: z.strictObject({
      /** Version the caller has. */
      after: z.coerce.number().int().min(0).optional(),
      /** Business time the caller has: on a simulated clock a new time is news. */
      at: z.coerce.number().int().optional(),
      waitMs: z.coerce.number().int().min(0).max(60_000).default(0),
      replica: replicaName
        .optional()
        .meta({ description: 'Who waits: when it hangs up and does not come back, it is taken for dead' }),
    }),
    body: nothing,
    reply: snapshot,
    errors: ['INVALID_ARGUMENT'],
  }),
  package: defineRoute({
    name: 'serving.package',
    method: 'GET',
    path: '/api/v1/serving/packages/:digest',
    summary: 'The files of a revision’s model, by the digest of their list',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ digest: modelDigest }),
    query: nothing,
    body: nothing,
    reply: modelPackage,
    errors: ['NOT_FOUND'],
  }),
  blob: defineRawRoute({
    name: 'serving.blob',
    method: 'GET',
    path: '/api/v1/serving/blobs/:digest',
    summary: 'The model file of a revision, by its digest',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'none',
  }),
  inputs: defineRoute({
    name: 'serving.inputs',
    method: 'GET',
    path: '/api/v1/serving/inputs/:deployment',
    summary: 'What a deployment was asked of late, for warming a model; without what is redacted',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ deployment: deploymentName }),
    query: z.strictObject({ rows: z.coerce.number().int().min(1).max(1_024).default(32) }),
    body: nothing,
    /** Newest first: a value, or a list of several a row, by input. */
    reply: z.strictObject({ rows: z.array(z.record(z.string(), z.unknown())) }),
    errors: [],
  }),
  report: defineRoute({
    name: 'serving.report',
    method: 'POST',
    path: '/api/v1/serving/replicas/:replica',
    summary: 'A replica says what it serves',
    permission: 'execute',
    bodyLimitBytes: REPORT_BODY_BYTES,
    audit: 'none',
    params: z.strictObject({ replica: replicaName }),
    query: nothing,
    body: replicaReport,
    reply: z.strictObject({
      now: timestamp,
      /** Data planes that are there: each lets its part of a quota through. */
      replicas: z.int().min(1).optional(),
      /** Told to replicas that name their port group; it holds until the next answer, or for half a minute. */
      withheld: withheldTraffic.optional(),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  calls: defineRoute({
    name: 'serving.calls',
    method: 'POST',
    path: '/api/v1/serving/calls/:batch',
    summary: 'Takes what callers have asked, by the hour; the same batch again has no effect',
    permission: 'execute',
    bodyLimitBytes: CALLS_BODY_BYTES,
    audit: 'none',
    params: z.strictObject({ batch: z.string().min(1).max(64) }),
    query: nothing,
    body: z.strictObject({ replica: replicaName, counts: z.array(callCount) }),
    reply: z.strictObject({ isRepeated: z.boolean() }),
    errors: ['INVALID_ARGUMENT'],
  }),
  leave: defineRoute({
    name: 'serving.leave',
    method: 'DELETE',
    path: '/api/v1/serving/replicas/:replica',
    summary: 'A replica that stops says so: no change waits for it',
    permission: 'execute',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ replica: replicaName }),
    query: nothing,
    body: nothing,
    reply: z.strictObject({ now: timestamp }),
    errors: [],
  }),
  segment: defineRawRoute({
    name: 'serving.segment',
    method: 'POST',
    path: '/api/v1/serving/segments/:segment',
    summary: 'Takes a segment of prediction records; the same segment again has no effect',
    permission: 'execute',
    bodyLimitBytes: SEGMENT_BODY_BYTES,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'bytes',
  }),
};
