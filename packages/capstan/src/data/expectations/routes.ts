import { expectationSuiteJsonSchema, routes } from '@capstan/api';
import { summaryOf } from '#data/datasets';
import { bind, bindRaw, type BoundRoute } from '#http';
import { invalid } from '#kernel/errors';
import type { Expectations } from './service.ts';

export function expectationRoutes(expectations: Expectations): BoundRoute[] {
  const jsonSchema = JSON.stringify(expectationSuiteJsonSchema());
  return [
    bind(routes.expectations.recheck, async ({ params }, { cause }) =>
      summaryOf(await expectations.recheck(params.version, cause)),
    ),
    bind(routes.expectations.suggest, async ({ params }) => {
      const { version, rules, text } = await expectations.suggest(params.version);
      return { versionId: version.id, dataset: version.dataset, number: version.number, rules: rules.length, text };
    }),
    bind(routes.expectations.startTest, ({ params, body }, { cause }) =>
      expectations.requestTest({ ...params, ...body, cause }),
    ),
    bind(routes.expectations.tests, async ({ params, query }) => {
      const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
      const items = await expectations.tests({ ...params, after, limit: query.limit });
      const last = items.at(-1);
      return { items, ...(last && items.length === query.limit && { nextCursor: `${last.createdAt}:${last.id}` }) };
    }),
    bind(routes.expectations.getTest, ({ params }) => expectations.test(params.test)),
    bindRaw(routes.expectations.jsonSchema, async () => ({
      status: 200,
      headers: { 'content-type': 'application/schema+json' },
      body: jsonSchema,
    })),
  ];
}

function placeOf(cursor: string): { createdAt: number; id: string } {
  const [, createdAt, id] = /^(\d{1,15}):(\w{1,64})$/.exec(cursor) ?? [];
  if (createdAt === undefined || id === undefined)
    throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
  return { createdAt: Number(createdAt), id };
}
