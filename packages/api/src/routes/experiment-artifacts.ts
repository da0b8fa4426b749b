import { z } from 'zod';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing } from '../shapes.ts';

const id = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/);
const artifact = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path: z.string(), sizeBytes: z.int(), digest: z.string() }),
  z.strictObject({ kind: z.literal('folder'), path: z.string() }),
]);

const preview = z.strictObject({
  path: z.string(),
  sizeBytes: z.int(),
  digest: z.string(),
  mediaType: z.string(),
  /** These bytes as text, cut at a whole character; null for a file that is no text. */
  text: z.string().nullable(),
  /** The text is all of the file. */
  isWhole: z.boolean(),
  /** Where to go on reading; absent at the end. */
  nextFrom: z.int().optional(),
});

const owner = z.strictObject({ owner: z.enum(['run', 'logged-model']), id });
const pathQuery = z.strictObject({ path: z.string().max(1_024).default('') });
const read = { permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;

/** Files of runs and logged models: part of `experiments`. */
export const experimentArtifacts = {
  listArtifacts: defineRoute({
    ...read,
    name: 'experiments.listArtifacts',
    method: 'GET',
    path: '/api/v1/artifacts/:owner/:id',
    summary: 'What lies in a folder of a run or logged model',
    params: owner,
    query: pathQuery,
    reply: z.strictObject({ items: z.array(artifact) }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  previewArtifact: defineRoute({
    ...read,
    name: 'experiments.previewArtifact',
    method: 'GET',
    path: '/api/v1/artifacts/:owner/:id/preview',
    summary: 'The head of a file, or what comes after it, as text, without reading the rest',
    params: owner,
    query: pathQuery.extend({
      from: z.coerce.number().int().min(0).default(0),
      bytes: z.coerce.number().int().min(1).max(1_048_576).default(262_144),
    }),
    reply: preview,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  frameArtifact: defineRawRoute({
    name: 'experiments.frameArtifact',
    method: 'GET',
    path: '/api/v1/artifacts/:owner/:id/frame',
    summary: 'An HTML file of `?path=`, for a frame: of an origin of its own, which reaches nothing',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'none',
  }),
  downloadArtifact: defineRawRoute({
    name: 'experiments.downloadArtifact',
    method: 'GET',
    path: '/api/v1/artifacts/:owner/:id/file',
    summary: 'The bytes of `?path=`, as an attachment; takes a range',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'none',
  }),
};
