import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Description } from '#operations/serving';
import { startTestingPlane, type TestingPlane } from '#protocols/testing';
import { docsPage } from './docs-page.ts';
import { deploymentDocument } from './openapi-document.ts';

type Row = Readonly<Record<string, unknown>>;
type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
type Content = Readonly<Record<string, { readonly schema: unknown; readonly example?: { readonly rows?: Row[] } }>>;

interface Operation {
  readonly requestBody: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content: Content }>>;
}

interface OpenApi {
  readonly openapi: string;
  readonly servers: unknown;
  readonly paths: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const DEPLOYMENTS = ['flights', 'sum', 'kinds', 'iris'];

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({
    flights: 'columns',
    sum: 'two-inputs',
    kinds: 'datatypes',
    iris: 'zipmap-logistic',
  });
});
afterAll(() => served?.stop());

const documentOf = async (name: string) => {
  const response = await fetch(`${served.url}/models/${name}/openapi.json`);
  return (await response.json()) as OpenApi;
};

/** The schema with every reference replaced by what it names. */
function resolved(schema: unknown, document: OpenApi): unknown {
  if (Array.isArray(schema)) return schema.map((member) => resolved(member, document));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref } = schema as { $ref?: string };
  if ($ref === undefined) {
    return Object.fromEntries(Object.entries(schema).map(([key, member]) => [key, resolved(member, document)]));
  }
  const found = document.components.schemas[$ref.replace('#/components/schemas/', '')];
  expect(found, $ref).toBeDefined();
  return resolved(found, document);
}

/** What a body must be like, and the example of it. */
function bodyOf(content: Content | undefined, document: OpenApi) {
  const [media] = Object.values(content ?? {});
  return { schema: z.fromJSONSchema(resolved(media?.schema, document) as JsonSchema), example: media?.example };
}

describe.each(DEPLOYMENTS)('the document of %s', (name) => {
  test('its own example fits it, is answered, and so is the answer', async () => {
    const document = await documentOf(name);
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: served.url }] });
    expect(Object.keys(document.paths)).toEqual([
      `/models/${name}/predict`,
      `/v2/models/${name}/infer`,
      `/models/${name}/invocations`,
    ]);
    for (const [path, { post }] of Object.entries(document.paths)) {
      const asked = bodyOf(post.requestBody.content, document);
      expect(asked.schema.safeParse(asked.example), path).toMatchObject({ success: true });
      const response = await send(path, asked.example);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      const answered = bodyOf(post.responses['200']?.content, document);
      expect(answered.schema.safeParse(await response.json()), path).toMatchObject({ success: true });
    }
  });
});

async function send(path: string, body: unknown): Promise<Response> {
  return await fetch(served.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

test('what does not fit the document is refused, and the refusal fits it', async () => {
  const document = await documentOf('flights');
  const path = '/models/flights/predict';
  const operation = document.paths[path]?.post;
  const asked = bodyOf(operation?.requestBody.content, document);
  const refused = bodyOf(operation?.responses['400']?.content, document);
  const row = asked.example?.rows?.[0];
  for (const wrong of [
    { ...row, hour: 'x' },
    { ...row, other: 1 },
    { hour: 1 },
    { rows: [] },
    { rows: [row], hour: 1 },
  ]) {
    expect(asked.schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    const response = await send(path, wrong);
    expect(response.status).toBe(400);
    expect(refused.schema.safeParse(await response.json())).toMatchObject({ success: true });
  }
});

const described: Description = {
  name: 'flights',
  revisions: [3, 4],
  inputs: [
    { name: 'flight', datatype: 'BYTES', shape: [-1] },
    { name: '"><script>alert(1)</script>', datatype: 'FP32', shape: [-1] },
    { name: "it's", datatype: 'BOOL', shape: [-1] },
    { name: 'image', datatype: 'FP32', shape: [-1, 3, 224, 224] },
  ],
  contextColumns: ['flight'],
  outputs: [],
  classLabels: {},
  signature: null,
  flavor: 'python_function',
};

test('a context column may be left out, an image has no example', () => {
  const document = deploymentDocument(described, 'http://localhost') as unknown as OpenApi;
  expect(document.components.schemas['Row']).toMatchObject({
    required: described.inputs.map(({ name }) => name).filter((name) => name !== 'flight'),
    properties: { flight: { type: ['string', 'integer'] } },
  });
  expect(bodyOf(document.paths['/models/flights/predict']?.post.requestBody.content, document).example).toBeUndefined();
});

test('a model that names no inputs has MLflow’s protocol only', () => {
  const untyped = { ...described, inputs: [], contextColumns: [] };
  expect(deploymentDocument(untyped, 'http://localhost')['paths']).toEqual({
    '/models/flights/invocations': expect.anything(),
  });
  expect(docsPage(untyped, 'http://localhost').body).toContain('names none of its inputs');
});

test('the page runs its own script only, whatever the columns are called', async () => {
  const response = await fetch(`${served.url}/models/flights/docs`);
  const html = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ]) {
    const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html) ?? [];
    const hash = createHash('sha256').update(text).digest('base64');
    expect(policy).toContain(`${directive} 'sha256-${hash}';`);
  }
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toContain('unsafe');
  expect(response.headers.get('x-frame-options')).toBe('DENY');
  const hostile = docsPage(described, 'http://localhost').body;
  expect(hostile.match(/<script>/g)).toHaveLength(1);
  expect(hostile).not.toContain('alert(1)</script>');
});

test('snippets are quoted for their languages and have the real address', () => {
  const html = docsPage(described, 'https://models.example').body;
  expect(html).toContain(`curl 'https://models.example/models/flights/predict'`);
  expect(html).toContain(`it'\\''s&quot;: true`);
  expect(html).toContain(`&quot;it's&quot;: True`);
  expect(html).toContain('(a list of 3 × 224 × 224 values)');
});

test.each(['docs', 'openapi.json'])('no %s of a deployment that there is not', async (page) => {
  const response = await fetch(`${served.url}/models/nothing/${page}`);
  expect({ status: response.status, said: await response.json() }).toMatchObject({
    status: 404,
    said: { code: 'NOT_FOUND' },
  });
});
