import { expectationSuiteJsonSchema, routes } from '@capstan/api';
import { summaryOf } from '#data/datasets';
import { bind, bindRaw, type BoundRoute } from '#http';
import type { Expectations } from './service.ts';

export function expectationRoutes(expectations: Expectations): BoundRoute[] {
  const jsonSchema = JSON.stringify(expectationSuiteJsonSchema());
  return [
    bind(routes.expectations.recheck, async ({ params }, { cause }) =>
      summaryOf(await expectations.recheck(params.version, cause)),
    ),
    bindRaw(routes.expectations.jsonSchema, async () => ({
      status: 200,
      headers: { 'content-type': 'application/schema+json' },
      body: jsonSchema,
    })),
  ];
}
