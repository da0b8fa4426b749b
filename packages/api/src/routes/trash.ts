import { z } from 'zod';
import { durationText } from '../duration.ts';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, timestamp } from '../shapes.ts';

const id = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/);
const ids = z.array(id).max(1_000).default([]);
const kind = z.enum(['experiment', 'run', 'logged-model']);
const bytes = z.int().min(0);

/** Which things are meant, by kind. */
const selection = { experiments: ids, runs: ids, loggedModels: ids };

const item = z.strictObject({
  kind,
  id: z.string(),
  name: z.string(),
  experimentId: z.string(),
  experimentName: z.string(),
  deletedAt: timestamp,
  /** When it will be purged by itself; null for never. */
  purgeAt: timestamp.nullable(),
  /** Runs in it: those of an experiment, or itself. */
  runs: z.int(),
  files: z.int(),
  /** Of its files, whether others have the same bytes or not. */
  sizeBytes: bytes,
  /** Who needs it, so that it is not purged: `model version late-arrival/3`. */
  heldBy: z.array(z.string()),
});

const freed = z.strictObject({ blobs: z.int(), bytes });

/** What was removed for good; with `isDryRun`, what would be. */
const report = z.strictObject({
  isDryRun: z.boolean(),
  experiments: z.int(),
  runs: z.int(),
  loggedModels: z.int(),
  /** Of all tables. */
  rows: z.int(),
  files: z.int(),
  /** Bytes that nothing refers to any more and that are off the disk. */
  freed,
  /** The same, but put so recently that an upload under way may want them: a later collection frees them. */
  later: freed,
  /** What stayed, since something needs it. */
  held: z.array(z.strictObject({ kind, id: z.string(), name: z.string(), by: z.array(z.string()) })),
});

const change = { params: nothing, query: nothing, bodyLimitBytes: 900_000 } as const;

/** The trash: what was deleted and can be restored, and its removal for good. */
export const trash = {
  list: defineRoute({
    name: 'trash.list',
    method: 'GET',
    path: '/api/v1/trash',
    summary: 'Deleted experiments, runs and logged models, last deleted first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    body: nothing,
    params: nothing,
    query: pageQuery.extend({ kind: kind.optional() }),
    reply: pageOf(item).extend({
      /** How long things stay unless their experiment says otherwise, in milliseconds; null for ever. */
      retentionMs: z.int().nullable(),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  delete: defineRoute({
    ...change,
    name: 'trash.delete',
    method: 'POST',
    path: '/api/v1/trash/delete',
    summary: 'Puts experiments (with their runs), runs and logged models into the trash',
    permission: 'write',
    audit: 'trash.delete',
    body: z.strictObject(selection),
    reply: z.strictObject({ changed: z.int() }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  restore: defineRoute({
    ...change,
    name: 'trash.restore',
    method: 'POST',
    path: '/api/v1/trash/restore',
    summary: 'Takes things out of the trash as they were; an experiment with its runs',
    permission: 'write',
    audit: 'trash.restore',
    body: z.strictObject(selection),
    reply: z.strictObject({ changed: z.int() }),
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
  purge: defineRoute({
    ...change,
    name: 'trash.purge',
    method: 'POST',
    path: '/api/v1/trash/purge',
    summary: 'Removes things in the trash for good, rows and bytes, all or none of them',
    permission: 'admin',
    audit: 'trash.purge',
    body: z.strictObject({
      ...selection,
      /** Deleted runs that meet a filter, beside those named. What of them is held stays. */
      matching: z
        .strictObject({ experimentIds: z.array(id).min(1).max(1_000), filter: z.string().max(8_192).default('') })
        .optional(),
      isDryRun: z.boolean().default(false),
    }),
    reply: report,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
  collect: defineRoute({
    ...change,
    name: 'trash.collect',
    method: 'POST',
    path: '/api/v1/trash/collect',
    summary: 'Purges what has been in the trash long enough, and frees all bytes that nothing refers to',
    permission: 'admin',
    audit: 'trash.collect',
    body: z.strictObject({
      /** Instead of the policies: `30d`, or `0s` for all of the trash. */
      olderThan: durationText.optional(),
      isDryRun: z.boolean().default(false),
    }),
    reply: report,
    errors: ['INVALID_ARGUMENT'],
  }),
};
