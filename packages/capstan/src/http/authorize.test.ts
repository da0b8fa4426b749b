import { routes, servingRoutes, type AnyRoute } from '@capstan/api';
import { describe, expect, test } from 'vitest';
import { authorize, identifyLocal, type Grant, type Principal } from './authorize.ts';
import { bindRaw, type BoundRoute } from './bind.ts';
import { startTestServer } from './testing.ts';

const GRANTS: readonly Grant[] = ['read', 'write', 'execute', 'deploy', 'admin'];
const tables = { 'control plane': routes, 'data plane': servingRoutes } as const;

function principal(...grants: readonly Grant[]): Principal {
  return { actor: 'person:ada', grants: new Set(grants) };
}

/** Every route of a table, with handlers that only count; those of foreign protocols tell errors in a shape of their own. */
async function start(table: readonly AnyRoute[], who: Principal | null) {
  const reached: string[] = [];
  const bound = table.map((route): BoundRoute => {
    const reach = (): void => void reached.push(route.name);
    if (route.kind === 'json') return { kind: 'json', route, handle: async () => reach() };
    return bindRaw(route, async () => {
      reach();
      return { status: 200, body: '' };
    });
  });
  const shape = (error: { code: string }) => ({ status: 418, body: JSON.stringify({ own: error.code }) });
  const { url } = await startTestServer({
    bound,
    identify: () => who,
    errorRenderers: { mlflow: shape, otel: shape, 'open-inference': shape, 'mlflow-scoring': shape },
    checkReplies: false,
  });
  return { url, reached };
}

function call(url: string, { method, path }: AnyRoute): Promise<Response> {
  return fetch(url + path.replaceAll(/:\w+|\*/g, 'x'), { method });
}

describe.each(Object.entries(tables))('every route of the %s', (_, groups) => {
  const table = Object.values(groups).flatMap((group) => Object.values<AnyRoute>(group));

  test.each(GRANTS)('that takes %s refuses who has all the others, in its protocol’s shape', async (permission) => {
    const { url, reached } = await start(table, principal(...GRANTS.filter((grant) => grant !== permission)));
    for (const route of table.filter((entry) => entry.permission === permission)) {
      const response = await call(url, route);
      const isForeign = route.kind === 'raw' && route.protocol !== 'native' && route.protocol !== 'prometheus';
      expect([route.name, response.status]).toEqual([route.name, isForeign ? 418 : 403]);
      const error: unknown = route.method === 'HEAD' ? null : await response.json();
      if (error) expect(error).toMatchObject(isForeign ? { own: 'PERMISSION_DENIED' } : { code: 'PERMISSION_DENIED' });
    }
    expect(reached).toEqual([]);
  });

  test('answers a caller that nobody knows only where it is public', async () => {
    const { url, reached } = await start(table, null);
    for (const route of table) await call(url, route).then((response) => response.arrayBuffer());
    const isPublic = table.filter(({ permission }) => permission === 'public').map(({ name }) => name);
    expect(reached.toSorted()).toEqual(isPublic.toSorted());
  });
});

test('a permission that nobody has heard of is granted to nobody', () => {
  const route = { name: 'a.b', permission: 'root' as Grant };
  expect(() => authorize(principal(...GRANTS), route)).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }));
  expect(() => authorize(null, route)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
});

test('on loopback without login the caller is the operator, whatever name a tool gives itself', () => {
  const request = (actor?: string) =>
    ({ headers: { 'x-capstan-actor': actor } }) as unknown as Parameters<typeof identifyLocal>[0];
  expect(identifyLocal(request())).toEqual({ actor: 'local', grants: new Set(GRANTS) });
  expect(identifyLocal(request('cli'))?.actor).toBe('local:cli');
  expect(identifyLocal(request('person:eve\n'))?.actor).toBe('local');
});
