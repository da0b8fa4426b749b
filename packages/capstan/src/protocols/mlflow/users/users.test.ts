import { expect, test } from 'vitest';
import { startMlflow } from '../testing.ts';

test('who calls, and what the caller may do; nobody else is known', async () => {
  const server = await startMlflow();
  const ann = { 'x-capstan-actor': 'ann' };
  expect((await server.get('/api/2.0/mlflow/users/current', ann)).json).toEqual({
    user: { username: 'local:ann', is_admin: true },
    is_basic_auth: false,
  });
  expect((await server.get('/ajax-api/3.0/mlflow/users/current/permissions')).json).toEqual({
    is_admin: true,
    permissions: [],
  });
  const of = (user: string) =>
    server.get(`/api/3.0/mlflow/users/permissions/get?username=${user}&resource_type=experiment&resource_id=0`);
  expect((await of('local')).json).toEqual({ allowed: true, permission: 'MANAGE' });
  expect(await of('bob')).toMatchObject({
    status: 404,
    json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: expect.stringContaining('users/current says who calls') },
  });
  expect((await server.get('/api/3.0/mlflow/users/permissions/get?username=local')).status).toBe(400);
  expect(await server.send('POST', '/api/2.0/mlflow/users/create', { username: 'bob', password: 'x' })).toMatchObject({
    status: 404,
    json: { error_code: 'ENDPOINT_NOT_FOUND', message: expect.stringContaining('no users of its own') },
  });
});
