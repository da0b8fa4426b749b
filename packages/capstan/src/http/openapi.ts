import { errorCodes, problem, type AnyRoute, type Route } from '@capstan/api';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 from the route table. Raw routes are listed without schemas: their protocols have their own documents. */
export function openApiDocument(table: readonly AnyRoute[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of table) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Capstan',
      version,
      description: 'The native API. Errors are RFC 9457 problem details with a code, a hint and a request id.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas: { Problem: schemaOf(problem, 'output') } },
  };
}

function operation(route: AnyRoute): Json {
  const basics = {
    operationId: route.name,
    summary: route.summary,
    tags: [route.name.split('.')[0]],
    'x-permission': route.permission,
    'x-body-limit-bytes': route.bodyLimitBytes,
    'x-audit': route.audit,
  };
  if (route.kind === 'raw')
    return { ...basics, 'x-protocol': route.protocol, responses: { 200: { description: 'Bytes' } } };
  return {
    ...basics,
    parameters: [...parametersOf(route, 'path'), ...parametersOf(route, 'query')],
    ...(route.bodyLimitBytes > 0 && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
    }),
    responses: responsesOf(route),
  };
}

function parametersOf(route: Route, place: 'path' | 'query'): Json[] {
  const schema = schemaOf(place === 'path' ? route.params : route.query, 'input');
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  return Object.entries((schema['properties'] as Json | undefined) ?? {}).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    schema: member,
  }));
}

function responsesOf(route: Route): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of route.errors) {
    const { status } = errorCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const failures = [...byStatus].map(([status, codes]) => [
    status,
    {
      description: codes.join(' or '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  const success = { description: 'Done', content: { 'application/json': { schema: schemaOf(route.reply, 'output') } } };
  return { 200: success, ...Object.fromEntries(failures) };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}
