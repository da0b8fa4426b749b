import { expect, test } from 'vitest';
import { startMlflow, type Answer, type MlflowServer } from '../testing.ts';

const events = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];
const hook = { name: 'ci', url: 'http://127.0.0.1:9/hook', events };
const PATH = '/api/2.0/mlflow/webhooks';

interface Reply {
  readonly webhook: { readonly webhook_id: string; readonly last_updated_timestamp: number };
  readonly error_code: string;
  readonly message: string;
}

const reply = (answer: Answer) => answer.json as Reply;

async function add(server: MlflowServer, fields: object = {}): Promise<string> {
  const answer = await server.post('webhooks', { ...hook, ...fields });
  expect(answer.status).toBe(200);
  return reply(answer).webhook.webhook_id;
}

test('a webhook is given back as its client reads it, without its secret', async () => {
  const server = await startMlflow();
  const created = await server.post('webhooks', { ...hook, description: 'd', secret: 'hidden', status: 'DISABLED' });
  const webhook = {
    webhook_id: expect.stringMatching(/^wh_/),
    name: 'ci',
    description: 'd',
    url: hook.url,
    events,
    status: 'DISABLED',
    creation_timestamp: expect.any(Number),
    last_updated_timestamp: expect.any(Number),
  };
  expect(created.json).toEqual({ webhook });
  const id = reply(created).webhook.webhook_id;
  expect((await server.get(`${PATH}/${id}`)).json).toEqual({ webhook });
  expect((await server.get(`/ajax-api/2.0/mlflow/webhooks/${id}`)).json).toEqual({ webhook });
  const second = await add(server, { events: [{ entity: 9, action: 'DELETED' }], description: '' });
  const page = (await server.get(`${PATH}?max_results=1`)).json as { webhooks: object[]; next_page_token: string };
  expect(page.webhooks).toMatchObject([
    { webhook_id: second, events: [{ entity: 'PROMPT_ALIAS', action: 'DELETED' }] },
  ]);
  expect(page.webhooks[0]).not.toHaveProperty('description');
  expect((await server.get(`${PATH}?page_token=${page.next_page_token}`)).json).toEqual({ webhooks: [webhook] });
});

test('a change leaves what it does not name; what is empty is as good as none, or takes away', async () => {
  const server = await startMlflow();
  const id = await add(server, { description: 'd' });
  const change = async (fields: object) => (await server.send('PATCH', `${PATH}/${id}`, fields)).json;
  expect(await change({ name: '', url: '', events: [] })).toMatchObject({ webhook: { ...hook, description: 'd' } });
  expect(await change({ name: 'new', status: 'DISABLED' })).toMatchObject({
    webhook: { name: 'new', status: 'DISABLED', url: hook.url },
  });
  expect(await change({ description: '' })).not.toHaveProperty('webhook.description');
  const { webhook: before } = (await change({})) as Reply;
  const { webhook: after } = (await change({})) as Reply;
  expect(after.last_updated_timestamp).toBeGreaterThan(before.last_updated_timestamp);
  // As the client sends it: without a body.
  const removed = await fetch(`${server.url}${PATH}/${id}`, { method: 'DELETE' });
  expect([removed.status, await removed.json()]).toEqual([200, {}]);
  expect((await server.get(`${PATH}/${id}`)).status).toBe(404);
});

test.each([
  ['nothing', {}, "Missing value for required parameter 'name'"],
  ['no address', { name: 'x', events }, "Missing value for required parameter 'url'"],
  ['no events', { ...hook, events: [] }, "Missing value for required parameter 'events'"],
  [
    'an event that there is not',
    { ...hook, events: [{ entity: 'REGISTERED_MODEL', action: 'DELETED' }] },
    'Invalid action',
  ],
  ['an entity that there is not', { ...hook, events: [{ entity: 'BOGUS', action: 'CREATED' }] }, 'events[0].entity'],
  ['half an event', { ...hook, events: [{ entity: 'PROMPT' }] }, 'events.action'],
  ['a name with a space', { ...hook, name: 'a b' }, 'is invalid'],
  ['a name that is too long', { ...hook, name: 'x'.repeat(64) }, 'is invalid'],
  ['a blank address', { ...hook, url: '   ' }, 'Webhook URL cannot be empty or just whitespace'],
  ['another scheme', { ...hook, url: 'ftp://x/y' }, 'Invalid webhook URL scheme'],
  ['no URL', { ...hook, url: 'http://[x' }, 'Invalid webhook URL'],
  ['events that are no list', { ...hook, events: 'x' }, 'Invalid value "x" for parameter \'events\''],
])('%s is refused', async (_, body, words) => {
  const server = await startMlflow();
  const answer = await server.post('webhooks', body);
  expect([answer.status, reply(answer).error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
  expect(reply(answer).message).toContain(words);
  expect((await server.get(PATH)).json).toEqual({});
});

test('what is not there is 404 on every route', async () => {
  const server = await startMlflow();
  for (const answer of [
    await server.get(`${PATH}/none`),
    await server.send('PATCH', `${PATH}/none`, { name: 'x' }),
    await server.send('DELETE', `${PATH}/none`, {}),
    await server.post('webhooks/none/test', {}),
  ]) {
    expect([answer.status, reply(answer).error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    expect(reply(answer).message).toContain('Webhook with ID none not found');
  }
});

test('a test of a target that is away says so', async () => {
  const server = await startMlflow();
  const id = await add(server, { url: 'http://127.0.0.1:1/' });
  const answer = await server.post(`webhooks/${id}/test`, { event: { entity: 'PROMPT', action: 'CREATED' } });
  expect(answer.json).toEqual({ result: { success: false, error_message: expect.stringContaining('Cannot connect') } });
  const wrong = await server.post(`webhooks/${id}/test`, { event: { entity: 'PROMPT', action: 'SET' } });
  expect(wrong.status).toBe(400);
});
