// An unmodified mlflow against the registry, prompts and webhooks of `capstan up`: mlflow_registry_session.py acts as users
// do, this says what they, and a receiver of webhooks, must see.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@capstan/client';
import { describe, expect, test, vi } from 'vitest';
import { emptyDatabase } from '../support/databases.ts';
import { emptyFolder, startServer } from '../support/server.ts';
import { describeSession, refused, type Surroundings } from './sessions.ts';

interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver extends Surroundings {
  readonly flags: readonly string[];
  readonly target: string;
  readonly heard: readonly Heard[];
  /** The status of answers from now on. */
  answerWith(status: number): void;
}

async function startReceiver(): Promise<Receiver> {
  const heard: Heard[] = [];
  let answer = 200;
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const path = request.url ?? '';
      heard.push({ path, headers: request.headers, body });
      response.writeHead(path === '/hook' ? answer : 404).end('a secret of the target');
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const target = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  return {
    target,
    heard,
    answerWith: (status) => (answer = status),
    flags: ['--no-serving', '--outbound-targets', target],
    args: [`http://${target}/hook`],
    env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' },
    close: () => receiver.close(),
  };
}

describeSession(
  'mlflow_registry_session.py',
  ({ database, server, sawIn, surroundings }) => {
    test('prompts: versions, aliases, tags and searches, apart from the models', () => {
      expect(sawIn('prompts')).toEqual({
        versions: [1, 2],
        byVersion: 'Hello {{name}}',
        text: 'Hello Ann',
        message: 'first words',
        byAlias: 1,
        moved: 2,
        latest: 2,
        versionTags: 'yes',
        promptTags: 'support',
        chat: [
          { role: 'system', content: 'You help {{who}}' },
          { role: 'user', content: '{{question}}' },
        ],
        found: ['chat', 'greeting'],
        foundByName: ['greeting'],
        promptVersions: [1, 2],
        models: ['no-prompt'],
        modelVersions: [],
        noSuchPrompt: null,
        modelAsPrompt: refused('INVALID_PARAMETER_VALUE', 400, 'exists with the same name'),
        promptAsModel: refused('RESOURCE_ALREADY_EXISTS', 400, 'already taken by a prompt'),
        tagsAfter: [null, null],
        aliasAfter: null,
        left: ['chat'],
      });
    });

    test('registry: copies, stages, aliases, times that move and numbers that do not come back', () => {
      expect(sawIn('registry')).toEqual({
        tags: { a: '1', number: '12345' },
        copy: ['4', 'models:/flow/1', 'there', { hello: 'world' }, 'dummy'],
        uri: 'runs:/there/model',
        stages: { 1: 'Staging', 2: 'Production', 3: 'Production' },
        latest: { Staging: '1', Archived: '2', Production: '3', None: '5' },
        someLatest: { Production: '3' },
        versionMoved: true,
        modelStayed: true,
        fifth: '5',
        renamed: ['flow 2', { champion: '1' }, ['1', '2', '3', '5']],
        byRun: ['5'],
        newestFirst: ['5', '3', '2', '1'],
        aliasOf: '1',
        noNumber: refused(
          'INVALID_PARAMETER_VALUE',
          400,
          "Parameter 'version' must be an integer, got 'something not correct'.",
        ),
        gone: refused('RESOURCE_DOES_NOT_EXIST', 404, 'Model Version (name=flow 2, version=4) not found'),
        oldName: refused('RESOURCE_DOES_NOT_EXIST', 404, 'Registered Model with name=flow not found'),
        noAlias: refused('INVALID_PARAMETER_VALUE', 400, 'Registered model alias nobody not found.'),
        reserved: refused('INVALID_PARAMETER_VALUE', 400, 'reserved'),
        aliasesAfter: {},
        deleted: refused('RESOURCE_DOES_NOT_EXIST', 404, 'not found'),
      });
    });

    test('history: what an alias meant is told after the model was renamed and deleted', async () => {
      const client = createClient({ baseUrl: server().url });
      const params = { model: 'flow 2', alias: 'champion' };
      const { version, items } = await client.registry.aliasHistory({ params, query: {} });
      expect(version).toBeNull();
      expect(items.map(({ from, to }) => [from, to])).toEqual([[1, null]]);
      const { items: under } = await client.registry.aliasHistory({ params: { ...params, model: 'flow' }, query: {} });
      const [move] = under;
      const then = await client.registry.aliasHistory({
        params: { ...params, model: 'flow' },
        query: { at: move?.at },
      });
      expect(then.version).toBe(1);
      const { items: entries } = await client.registry.history({ params: { model: 'flow' }, query: { limit: 1_000 } });
      expect(new Set(entries.map(({ kind }) => kind))).toEqual(
        new Set([
          'model.created',
          'model.renamed',
          'description.set',
          'tag.set',
          'version.created',
          'version.deleted',
          'stage.set',
          'alias.set',
        ]),
      );
    });

    describe('webhooks', () => {
      test('the client can do all that it offers, and never sees a secret', () => {
        const { target } = surroundings();
        expect(sawIn('webhooks')).toEqual({
          secret: [null, null],
          got: [
            'all',
            `http://${target}/hook`,
            'of the models',
            'ACTIVE',
            ['model_version.created', 'model_version_alias.created', 'registered_model.created'],
          ],
          listed: ['nowhere', 'prompts', 'changed'],
          page: [2, true],
          test: [true, 200, null],
          failed: [false, 404, null, false],
          changed: ['changed', 'DISABLED', ['prompt.created'], 'off'],
          moved: true,
          private: refused('INVALID_PARAMETER_VALUE', 400, 'not a public address'),
          scheme: refused('INVALID_PARAMETER_VALUE', 400, 'Invalid webhook URL scheme'),
          blank: refused('INVALID_PARAMETER_VALUE', 400, 'Webhook URL cannot be empty or just whitespace'),
          noUrl: refused('INVALID_PARAMETER_VALUE', 400, 'Invalid webhook URL'),
          name: refused('INVALID_PARAMETER_VALUE', 400, 'is invalid'),
          missing: refused('RESOURCE_DOES_NOT_EXIST', 404, 'Webhook with ID nonexistent not found'),
          left: 0,
        });
      });

      test('the receiver hears each thing once, and signed', () => {
        const told = surroundings().heard.filter(({ path, body }) => path === '/hook' && !body.includes('example_'));
        expect(told.map(({ body }) => ({ ...(JSON.parse(body) as object), timestamp: undefined }))).toEqual(
          expect.arrayContaining([
            {
              entity: 'registered_model',
              action: 'created',
              data: { name: 'told', tags: { k: 'v' }, description: 'a model that is told of' },
            },
            {
              entity: 'model_version',
              action: 'created',
              data: {
                name: 'told',
                version: '1',
                source: 's3://bucket/told',
                run_id: 'r1',
                tags: {},
                description: 'first',
              },
            },
            {
              entity: 'model_version_alias',
              action: 'created',
              data: { name: 'told', alias: 'champion', version: '1' },
            },
            {
              entity: 'prompt_version',
              action: 'created',
              data: expect.objectContaining({ name: 'told-prompt', version: '1', template: 'Hi {{name}}' }),
            },
          ]),
        );
        expect(told).toHaveLength(4);
        expect(new Set(told.map(({ headers }) => headers['x-mlflow-delivery-id'])).size).toBe(4);
        for (const { headers, body } of told.filter(({ body }) => !body.includes('prompt'))) {
          const signed = `${String(headers['x-mlflow-delivery-id'])}.${String(headers['x-mlflow-timestamp'])}.${body}`;
          const signature = createHmac('sha256', 'test-secret-key').update(signed).digest('base64');
          expect(headers['x-mlflow-signature']).toBe(`v1,${signature}`);
        }
      });

      test('what was to be told when the server was killed is told by the next, under the same id', async () => {
        const { target, heard, answerWith, ...receiver } = surroundings();
        const data = emptyFolder();
        const storage = emptyDatabase(database);
        const flags = [...storage.flags, ...receiver.flags];
        const first = await startServer(flags, data);
        const client = createClient({ baseUrl: first.url });
        answerWith(503);
        const since = heard.length;
        const webhook = await client.webhooks.create({
          body: { name: 'w', url: `http://${target}/hook`, events: ['registered_model.created'], secret: 'shh' },
        });
        const post = (url: string, name: string) =>
          fetch(`${url}/api/2.0/mlflow/registered-models/create`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ name }),
          });
        expect((await post(first.url, 'before the end')).status).toBe(200);
        await vi.waitFor(() => expect(heard.length).toBeGreaterThan(since), { timeout: 20_000 });
        await first.kill();
        const id = heard[since]?.headers['x-mlflow-delivery-id'];
        answerWith(200);

        const second = await startServer(flags, data);
        const again = createClient({ baseUrl: second.url });
        await vi.waitFor(
          async () => {
            const { items } = await again.webhooks.deliveries({ params: { webhook: webhook.id }, query: {} });
            expect(items).toMatchObject([{ id, state: 'delivered', status: 200 }]);
          },
          { timeout: 60_000, interval: 250 },
        );
        expect(new Set(heard.slice(since).map(({ headers }) => headers['x-mlflow-delivery-id']))).toEqual(
          new Set([id]),
        );
        expect(await second.stop()).toBe(0);
        storage.remove();
      }, 120_000);
    });
  },
  startReceiver,
);
