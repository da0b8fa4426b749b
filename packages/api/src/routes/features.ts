import { z } from 'zod';
import { featureCheck, featureView, materialization, onlineRow, trainingSet } from '../feature-view.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing, slug } from '../shapes.ts';

const ofProject = z.strictObject({ project: slug });
const ofView = z.strictObject({ project: slug, view: slug });
const entityValue = z.union([z.string().max(4_096), z.number(), z.boolean(), z.null()]);
const featureNames = z
  .array(z.string().min(1).max(512))
  .min(1)
  .max(500)
  .meta({ description: '`view:feature`, or `view` for all of its features' });
const fullFeatureNames = z
  .boolean()
  .default(false)
  .meta({ description: 'Call them view__feature, for views that have features of the same name' });

/** Feature views: columns by entity and event time, for training and for serving from one definition. */
export const features = {
  list: defineRoute({
    name: 'features.list',
    method: 'GET',
    path: '/api/v1/projects/:project/feature-views',
    summary: 'Feature views that the project declares, with what is served of each',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: z.strictObject({ items: z.array(featureView) }),
    errors: ['NOT_FOUND'],
  }),
  materialize: defineRoute({
    name: 'features.materialize',
    method: 'POST',
    path: '/api/v1/projects/:project/feature-views/:view/materialize',
    summary: 'Brings the online store up to date with the newest accepted versions',
    permission: 'write',
    bodyLimitBytes: 1_000,
    audit: 'feature-view.materialize',
    params: ofView,
    query: nothing,
    body: nothing,
    reply: materialization,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  check: defineRoute({
    name: 'features.check',
    method: 'POST',
    path: '/api/v1/projects/:project/feature-views/:view/check',
    summary: 'Whether its past depends on its future, and whether the online store says what the datasets say',
    permission: 'write',
    bodyLimitBytes: 1_000,
    audit: 'feature-view.check',
    params: ofView,
    query: nothing,
    body: nothing,
    reply: featureCheck,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  online: defineRoute({
    name: 'features.online',
    method: 'POST',
    path: '/api/v1/projects/:project/online-features',
    summary: 'The latest features of entities, from the online store',
    permission: 'read',
    bodyLimitBytes: 4_000_000,
    audit: 'none',
    params: ofProject,
    query: nothing,
    body: z.strictObject({
      features: featureNames,
      entities: z
        .record(z.string(), z.array(entityValue).min(1).max(10_000))
        .meta({ description: 'A list for each entity column, all of one length: {"carrier": ["UA", "DL"]}' }),
      fullFeatureNames,
    }),
    reply: z.strictObject({ featureNames: z.array(z.string()), rows: z.array(onlineRow) }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  makeTrainingSet: defineRoute({
    name: 'features.makeTrainingSet',
    method: 'POST',
    path: '/api/v1/projects/:project/training-sets',
    summary: 'The rows of a dataset version, each with the features that were known at its time',
    permission: 'write',
    bodyLimitBytes: 100_000,
    audit: 'training-set.make',
    params: ofProject,
    query: nothing,
    body: z.strictObject({
      features: featureNames,
      rows: z.strictObject({
        dataset: slug,
        version: z.string().max(64).optional().meta({ description: 'An accepted version; absent: the newest' }),
        eventTime: z
          .string()
          .max(256)
          .optional()
          .meta({ description: 'Column of the time of each row; absent: the one that capstan.yaml declares' }),
      }),
      fullFeatureNames,
    }),
    reply: trainingSet,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'STORAGE_FULL'],
  }),
  getTrainingSet: defineRoute({
    name: 'features.getTrainingSet',
    method: 'GET',
    path: '/api/v1/training-sets/:trainingSet',
    summary: 'What a training set was made of',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ trainingSet: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: trainingSet,
    errors: ['NOT_FOUND'],
  }),
  downloadTrainingSet: defineRawRoute({
    name: 'features.downloadTrainingSet',
    method: 'GET',
    path: '/api/v1/training-sets/:trainingSet/file',
    summary: 'Its rows as Parquet; one byte range',
    permission: 'read',
    protocol: 'native',
    bodyAs: 'none',
    bodyLimitBytes: 0,
    audit: 'none',
  }),
};
