import { z } from 'zod';
import { datasetDiff } from '../dataset-diff.ts';
import {
  datasetColumn,
  datasetVersion,
  datasetVersionStatus,
  datasetVersionSummary,
  shownValue,
} from '../dataset-version.ts';
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
  diff: defineRoute({
    name: 'datasets.diff',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/diff/:other',
    summary: 'What changed from one version to another: columns, files, rows by key, and how each column is spread',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64), other: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: datasetDiff,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'DATA_LOSS'],
  }),
  rows: defineRoute({
    name: 'datasets.rows',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/rows',
    summary: 'Rows of a version as they stand in its files, for people to look at',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64) }),
    query: z.strictObject({
      offset: z.coerce.number().int().min(0).max(1_000_000_000_000).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
    body: nothing,
    reply: z.strictObject({
      columns: z.array(datasetColumn),
      /** Rows of the version. */
      total: z.int(),
      items: z.array(z.strictObject({ file: z.string(), row: z.int(), values: z.array(shownValue) })),
    }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'DATA_LOSS'],
  }),
  quarantinedRows: defineRoute({
    name: 'datasets.quarantinedRows',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/quarantine/rows',
    summary: 'Rows that the check of a version put aside, each with the place it came from and the rules it broke',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64) }),
    query: z.strictObject({
      offset: z.coerce.number().int().min(0).max(1_000_000_000_000).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      rule: z.string().max(400).optional().meta({ description: 'Only rows that broke it: `range of distance`' }),
    }),
    body: nothing,
    reply: z.strictObject({
      columns: z.array(datasetColumn),
      /** Rows put aside, of that rule where one is named. */
      total: z.int(),
      items: z.array(
        z.strictObject({ file: z.string(), row: z.int(), values: z.array(shownValue), failed: z.array(z.string()) }),
      ),
    }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'DATA_LOSS'],
  }),
  downloadQuarantine: defineRawRoute({
    name: 'datasets.downloadQuarantine',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/quarantine/file',
    summary: 'All rows that the check of a version put aside, as `format` in the query says: csv or parquet',
    permission: 'read',
    protocol: 'native',
    bodyAs: 'none',
    bodyLimitBytes: 0,
    audit: 'none',
  }),
  croissant: defineRawRoute({
    name: 'datasets.croissant',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/croissant',
    summary: 'An accepted version as Croissant 1.0 of MLCommons (JSON-LD)',
    permission: 'read',
    protocol: 'native',
    bodyAs: 'none',
    bodyLimitBytes: 0,
    audit: 'none',
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
