import { z } from 'zod';
import { declaration } from '../capstan-yaml.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing, slug, timestamp } from '../shapes.ts';

/** One key of `capstan.yaml` that differs; `before` is absent for a new one, `after` for one that is gone. */
export const declarationChange = z.strictObject({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type DeclarationChange = z.infer<typeof declarationChange>;

const projectSummary = z.strictObject({
  name: slug,
  owner: z.string(),
  decision: z.string(),
  revision: z.int(),
  createdAt: timestamp,
  appliedAt: timestamp,
});

/** Projects: what `capstan.yaml` declares, and how a change of it takes effect. */
export const projects = {
  apply: defineRoute({
    name: 'projects.apply',
    method: 'POST',
    path: '/api/v1/apply',
    summary:
      'Makes a capstan.yaml so: creates the project or its next revision; with dryRun only says what would change',
    permission: 'write',
    bodyLimitBytes: 4_000_000,
    audit: 'project.apply',
    params: nothing,
    query: nothing,
    body: z.strictObject({
      folder: z
        .string()
        .min(1)
        .max(4_096)
        .meta({ description: 'Absolute path of the project on the server’s machine' }),
      text: z.string().meta({ description: 'Content of capstan.yaml' }),
      dryRun: z.boolean().default(false),
    }),
    reply: z.strictObject({
      project: slug,
      /** The revision in effect; for a dry run, the one that would be. */
      revision: z.int(),
      isNew: z.boolean(),
      dryRun: z.boolean(),
      /** Empty when all is so already; then there is no new revision. */
      changes: z.array(declarationChange),
    }),
    errors: ['INVALID_ARGUMENT', 'TOO_LARGE'],
  }),
  list: defineRoute({
    name: 'projects.list',
    method: 'GET',
    path: '/api/v1/projects',
    summary: 'All projects, by name',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: nothing,
    reply: z.strictObject({ items: z.array(projectSummary) }),
    errors: [],
  }),
  get: defineRoute({
    name: 'projects.get',
    method: 'GET',
    path: '/api/v1/projects/:project',
    summary: 'A project with its charter and everything it declares',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ project: slug }),
    query: nothing,
    body: nothing,
    reply: projectSummary.extend({
      folder: z.string(),
      declaration,
      /** `capstan.yaml` as it was written, without comments. */
      written: z.record(z.string(), z.unknown()),
    }),
    errors: ['NOT_FOUND'],
  }),
  revisions: defineRoute({
    name: 'projects.revisions',
    method: 'GET',
    path: '/api/v1/projects/:project/revisions',
    summary: 'How the declaration changed, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ project: slug }),
    query: nothing,
    body: nothing,
    reply: z.strictObject({
      items: z.array(
        z.strictObject({
          revision: z.int(),
          appliedAt: timestamp,
          actor: z.string(),
          changes: z.array(declarationChange),
        }),
      ),
    }),
    errors: ['NOT_FOUND'],
  }),
  jsonSchema: defineRawRoute({
    name: 'projects.jsonSchema',
    method: 'GET',
    path: '/schemas/capstan.json',
    summary: 'JSON Schema of capstan.yaml, for editors',
    permission: 'public',
    bodyLimitBytes: 0,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'none',
  }),
};
