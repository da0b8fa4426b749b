import { z } from 'zod';
import { datasetVersion, datasetVersionStatus, datasetVersionSummary } from '../dataset-version.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug } from '../shapes.ts';

const ofProject = z.strictObject({ project: slug });
const ofDataset = z.strictObject({ project: slug, dataset: slug });

const datasetSummary = z.strictObject({
  name: slug,
  /** Where its files lie in the project; null for a dataset that capstan.yaml no longer declares. */
  path: z.string().nullable(),
  versionCount: z.int(),
  /** The newest snapshot of any status, and the newest that may be used. Derived ones are left out. */
  newest: datasetVersionSummary.nullable(),
  accepted: datasetVersionSummary.nullable(),
});

/** Datasets and their versions. */
export const datasets = {
  list: defineRoute({
    name: 'datasets.list',
    method: 'GET',
    path: '/api/v1/projects/:project/datasets',
    summary: 'Datasets that the project declares or has versions of',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: z.strictObject({ items: z.array(datasetSummary) }),
    errors: ['NOT_FOUND'],
  }),
  versions: defineRoute({
    name: 'datasets.versions',
    method: 'GET',
    path: '/api/v1/projects/:project/datasets/:dataset/versions',
    summary: 'Versions of a dataset, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofDataset,
    query: pageQuery.extend({
      status: datasetVersionStatus.optional(),
      number: z.coerce.number().int().min(1).optional(),
    }),
    body: nothing,
    reply: pageOf(datasetVersionSummary),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  getVersion: defineRoute({
    name: 'datasets.getVersion',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version',
    summary: 'A version with its files, columns, profile and the report of its check',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: datasetVersion,
    errors: ['NOT_FOUND'],
  }),
  downloadFile: defineRawRoute({
    name: 'datasets.downloadFile',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/files',
    summary: 'A file of an accepted version, by its `path` in the query; one byte range',
    permission: 'read',
    protocol: 'native',
    bodyAs: 'none',
    bodyLimitBytes: 0,
    audit: 'none',
  }),
  register: defineRoute({
    name: 'datasets.register',
    method: 'POST',
    path: '/api/v1/projects/:project/datasets/:dataset/versions',
    summary: 'Takes files of the project’s folder in as a new version; the same content again is the same version',
    permission: 'write',
    bodyLimitBytes: 4_000_000,
    audit: 'dataset-version.register',
    params: ofDataset,
    query: nothing,
    body: z.strictObject({
      files: z
        .array(z.strictObject({ path: z.string().min(1).max(4_096) }))
        .min(1)
        .max(10_000)
        .optional()
        .meta({
          description:
            'Inside the project’s folder, absolute or relative to it; absent: all that the declared path names',
        }),
      replace: z
        .boolean()
        .default(false)
        .meta({ description: 'The version holds these files only, instead of adding them to the latest one' }),
    }),
    reply: datasetVersionSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'STORAGE_FULL'],
  }),
};
