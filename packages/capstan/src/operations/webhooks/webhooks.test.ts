import { webhookEventNames } from '@capstan/api';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { headersOf, MOST_TRIES } from './model.ts';
import { cause, openWebhooks, startReceiver } from './testing.ts';

const promptTags = [
  { key: 'mlflow.prompt.is_prompt', value: 'true' },
  { key: '_mlflow_prompt_type', value: 'text' },
];

describeDatabases('webhooks', (open) => {
  test('everything that MLflow tells of models and prompts is told, in its words', async () => {
    const at = await openWebhooks(await open());
    const { registry, webhooks } = at;
    const receiver = await startReceiver();
    await webhooks.create({ name: 'all', url: receiver.url, events: webhookEventNames, cause });
    await at.startRunner();
    const heard = async (work: () => Promise<unknown>) => {
      await work();
      await at.settled();
      return receiver.heard.splice(0).map(({ json }) => json);
    };
    const tag = { key: 'k', value: 'v' };

    expect(await heard(() => registry.createModel({ name: 'm', description: 'd', tags: [tag], cause }))).toEqual([
      { entity: 'registered_model', action: 'created', data: { name: 'm', tags: { k: 'v' }, description: 'd' } },
    ]);
    expect(
      await heard(() =>
        registry.createVersion({ model: 'm', source: 's3://b/x', runId: '1234', tags: [tag], description: 'v', cause }),
      ),
    ).toEqual([
      {
        entity: 'model_version',
        action: 'created',
        data: { name: 'm', version: '1', source: 's3://b/x', run_id: '1234', tags: { k: 'v' }, description: 'v' },
      },
    ]);
    const key = { model: 'm', version: 1, cause };
    expect(await heard(() => registry.setVersionTag({ ...key, tag }))).toEqual([
      { entity: 'model_version_tag', action: 'set', data: { name: 'm', version: '1', ...tag } },
    ]);
    expect(await heard(() => registry.removeVersionTag({ ...key, key: 'k' }))).toEqual([
      { entity: 'model_version_tag', action: 'deleted', data: { name: 'm', version: '1', key: 'k' } },
    ]);
    expect(await heard(() => registry.setAlias({ ...key, alias: 'champion' }))).toEqual([
      { entity: 'model_version_alias', action: 'created', data: { name: 'm', alias: 'champion', version: '1' } },
    ]);
    expect(await heard(() => registry.removeAlias({ model: 'm', alias: 'champion', cause }))).toEqual([
      { entity: 'model_version_alias', action: 'deleted', data: { name: 'm', alias: 'champion' } },
    ]);
    // No event of MLflow's: tags of models, descriptions, stages.
    expect(await heard(() => registry.setModelTag({ name: 'm', tag, cause }))).toEqual([]);
    expect(await heard(() => registry.describeVersion({ ...key, description: 'w' }))).toEqual([]);
    expect(await heard(() => registry.moveToStage({ ...key, stage: 'Staging', archivesOthers: false }))).toEqual([]);

    expect(await heard(() => registry.createModel({ name: 'p', tags: [...promptTags, tag], cause }))).toEqual([
      { entity: 'prompt', action: 'created', data: { name: 'p', tags: { k: 'v' }, description: '' } },
    ]);
    const text = { key: 'mlflow.prompt.text', value: 'Hello {{name}}' };
    expect(
      await heard(() =>
        registry.createVersion({ model: 'p', source: 'dummy-source', tags: [...promptTags, text, tag], cause }),
      ),
    ).toEqual([
      {
        entity: 'prompt_version',
        action: 'created',
        data: { name: 'p', version: '1', template: 'Hello {{name}}', tags: { k: 'v' }, description: null },
      },
    ]);
    const prompt = { model: 'p', version: 1, cause };
    expect(await heard(() => registry.setModelTag({ name: 'p', tag, cause }))).toEqual([
      { entity: 'prompt_tag', action: 'set', data: { name: 'p', ...tag } },
    ]);
    expect(await heard(() => registry.removeModelTag({ name: 'p', key: 'k', cause }))).toEqual([
      { entity: 'prompt_tag', action: 'deleted', data: { name: 'p', key: 'k' } },
    ]);
    expect(await heard(() => registry.setVersionTag({ ...prompt, tag }))).toEqual([
      { entity: 'prompt_version_tag', action: 'set', data: { name: 'p', version: '1', ...tag } },
    ]);
    expect(await heard(() => registry.removeVersionTag({ ...prompt, key: 'k' }))).toEqual([
      { entity: 'prompt_version_tag', action: 'deleted', data: { name: 'p', version: '1', key: 'k' } },
    ]);
    expect(await heard(() => registry.setAlias({ ...prompt, alias: 'live' }))).toEqual([
      { entity: 'prompt_alias', action: 'created', data: { name: 'p', alias: 'live', version: '1' } },
    ]);
    expect(await heard(() => registry.removeAlias({ model: 'p', alias: 'live', cause }))).toEqual([
      { entity: 'prompt_alias', action: 'deleted', data: { name: 'p', alias: 'live' } },
    ]);
  });

  test('only who listens hears, and only of what happened since', async () => {
    const at = await openWebhooks(await open());
    const [early, deaf, disabled] = [await startReceiver(), await startReceiver(), await startReceiver()];
    const events = ['registered_model.created'] as const;
    await at.registry.createModel({ name: 'before', cause });
    await at.webhooks.create({ name: 'early', url: early.url, events, cause });
    await at.webhooks.create({ name: 'deaf', url: deaf.url, events: ['prompt.created'], cause });
    await at.webhooks.create({ name: 'disabled', url: disabled.url, events, status: 'DISABLED', cause });
    await at.registry.createModel({ name: 'after', cause });
    await at.startRunner();
    await at.settled();
    expect(early.heard.map(({ json }) => json.data)).toEqual([{ name: 'after', tags: {}, description: '' }]);
    expect([deaf.heard, disabled.heard]).toEqual([[], []]);
  });

  test('a delivery is signed with the secret, which is kept where nobody reads it', async () => {
    const database = await open();
    const at = await openWebhooks(database);
    const receiver = await startReceiver();
    const secret = 'correct horse battery staple';
    const events = ['registered_model.created'] as const;
    const webhook = await at.webhooks.create({ name: 'signed', url: receiver.url, events, secret, cause });
    expect(webhook.isSigned).toBe(true);
    await at.startRunner();
    await at.registry.createModel({ name: 'm', cause });
    await at.settled();
    const [heard] = receiver.heard;
    const id = String(heard?.headers['x-mlflow-delivery-id']);
    const at0 = Number(heard?.headers['x-mlflow-timestamp']) * 1_000;
    expect(heard?.headers['x-mlflow-signature']).toBe(
      headersOf(id, heard?.body ?? '', secret, at0)['X-MLflow-Signature'],
    );

    await at.webhooks.update(webhook.id, { secret: 'another', cause });
    const kept = JSON.stringify([
      await database.read.selectFrom('webhooks').selectAll().execute(),
      await at.events.list({ limit: 100 }),
      await at.webhooks.list({ limit: 10 }),
      await at.webhooks.deliveries(webhook.id, { limit: 10 }),
    ]);
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain('another');
    expect((await at.webhooks.update(webhook.id, { secret: '', cause })).isSigned).toBe(false);
  });

  test('a target that is away is tried again under the same id, until it answers', async () => {
    const at = await openWebhooks(await open());
    const receiver = await startReceiver();
    receiver.answers.push(
      { status: 503 },
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 0 },
      { status: 500 },
    );
    const webhook = await at.webhooks.create({
      name: 'w',
      url: receiver.url,
      events: ['registered_model.created'],
      cause,
    });
    await at.startRunner();
    await at.registry.createModel({ name: 'm', cause });
    await at.settled();
    expect(receiver.heard).toHaveLength(5);
    expect(new Set(receiver.heard.map(({ headers }) => headers['x-mlflow-delivery-id'])).size).toBe(1);
    expect(new Set(receiver.heard.map(({ body }) => body)).size).toBe(1);
    const { deliveries } = await at.webhooks.deliveries(webhook.id, { limit: 10 });
    expect(deliveries).toMatchObject([{ state: 'delivered', tries: 5, status: 200, error: null, nextTryAt: null }]);
  });

  test.each([
    ['says no', { status: 401 }, 1, 'it answered 401'],
    ['redirects', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, 1, 'redirects are not followed'],
    ['stays away', { status: 503 }, MOST_TRIES, 'it answered 503'],
  ])('a target that %s is given up, with the reason', async (_, answer, tries, reason) => {
    const at = await openWebhooks(await open());
    const receiver = await startReceiver();
    receiver.answers.push(...Array.from({ length: MOST_TRIES + 5 }, () => answer));
    const webhook = await at.webhooks.create({
      name: 'w',
      url: receiver.url,
      events: ['registered_model.created'],
      cause,
    });
    await at.startRunner();
    await at.registry.createModel({ name: 'm', cause });
    await at.settled();
    expect(receiver.heard).toHaveLength(tries);
    const { deliveries } = await at.webhooks.deliveries(webhook.id, { limit: 10, state: 'failed' });
    expect(deliveries).toMatchObject([{ tries, status: answer.status, error: expect.stringContaining(reason) }]);
    const facts = await at.events.list({ type: 'webhook-delivery.failed', limit: 10 });
    expect(facts).toMatchObject([
      { subject: `webhook:${webhook.id}`, payload: { tries, event: 'registered_model.created' } },
    ]);

    receiver.answers.length = 0;
    const again = await at.webhooks.sendAgain(webhook.id, deliveries[0]?.id ?? '');
    expect(again).toMatchObject({ state: 'pending', tries: 0 });
    await at.settled();
    expect(receiver.heard.at(-1)?.headers['x-mlflow-delivery-id']).toBe(deliveries[0]?.id);
    expect((await at.webhooks.deliveries(webhook.id, { limit: 1 })).deliveries).toMatchObject([{ state: 'delivered' }]);
  });

  test('many servers at once tell each thing once', async () => {
    const at = await openWebhooks(await open());
    const receivers = await Promise.all([startReceiver(), startReceiver()]);
    for (const { url } of receivers) {
      await at.webhooks.create({ name: 'w', url, events: ['registered_model.created'], cause });
    }
    await Promise.all([at.startRunner(), at.startRunner(), at.startRunner()]);
    const names = Array.from({ length: 15 }, (_, index) => `m${index}`);
    await Promise.all(names.map((name) => at.registry.createModel({ name, cause })));
    await at.settled();
    for (const { heard } of receivers) {
      expect(heard.map(({ json }) => (json.data as { name: string }).name).toSorted()).toEqual(names.toSorted());
    }
    // A fact that is heard twice, as after a crash, makes nothing new.
    const [fact] = await at.events.list({ type: 'registered-model.created', limit: 1 });
    await at.webhooks.fanOut(fact?.seq ?? 0);
    await at.settled();
    expect(receivers.map(({ heard }) => heard.length)).toEqual([15, 15]);
  });

  test('what waits for a webhook that is disabled or gone is not sent', async () => {
    const at = await openWebhooks(await open());
    const receiver = await startReceiver();
    const events = ['registered_model.created'] as const;
    const one = await at.webhooks.create({ name: 'one', url: receiver.url, events, cause });
    const other = await at.webhooks.create({ name: 'other', url: receiver.url, events, cause });
    await at.registry.createModel({ name: 'm', cause });
    const [fact] = await at.events.list({ type: 'registered-model.created', limit: 1 });
    await at.webhooks.fanOut(fact?.seq ?? 0);
    await at.webhooks.update(one.id, { status: 'DISABLED', cause });
    await at.webhooks.remove(other.id, cause);
    await at.startRunner();
    await at.settled();
    expect(receiver.heard).toEqual([]);
    expect((await at.webhooks.deliveries(one.id, { limit: 5 })).deliveries).toMatchObject([{ state: 'cancelled' }]);
    await expect(at.webhooks.deliveries(other.id, { limit: 5 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a test sends an example and tells the status, never what the target says', async () => {
    const at = await openWebhooks(await open());
    const receiver = await startReceiver();
    const events = ['model_version_tag.set', 'registered_model.created'] as const;
    const { id } = await at.webhooks.create({ name: 'w', url: receiver.url, events, cause });
    const signal = new AbortController().signal;
    expect(await at.webhooks.test(id, undefined, signal)).toEqual({ isDelivered: true, status: 200, error: null });
    receiver.answers.push({ status: 404 }, { status: 0 });
    expect(await at.webhooks.test(id, 'prompt.created', signal)).toEqual({
      isDelivered: false,
      status: 404,
      error: null,
    });
    const broken = await at.webhooks.test(id, undefined, signal);
    expect(broken).toMatchObject({ isDelivered: false, status: null, error: expect.any(String) });
    expect(receiver.heard.map(({ json }) => `${json.entity}.${json.action}`)).toEqual([
      'model_version_tag.set',
      'prompt.created',
      'model_version_tag.set',
    ]);
    await expect(at.webhooks.test('wh_none', undefined, signal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('mistakes are refused and change nothing', async () => {
    const at = await openWebhooks(await open(), false);
    const receiver = await startReceiver();
    const events = ['registered_model.created'] as const;
    const good = { name: 'w', url: 'https://8.8.8.8/hook', events, cause };
    const bad: [Partial<Parameters<typeof at.webhooks.create>[0]>, string][] = [
      [{ name: '' }, 'name'],
      [{ name: '-a' }, 'name'],
      [{ name: 'a b' }, 'name'],
      [{ name: 'x'.repeat(64) }, 'name'],
      [{ url: '   ' }, 'Webhook URL cannot be empty or just whitespace'],
      [{ url: 'ftp://example.com' }, 'Invalid webhook URL scheme'],
      [{ url: 'http://[invalid' }, 'Invalid webhook URL'],
      [{ url: 'https://user:pass@8.8.8.8/' }, 'credentials'],
      [{ url: receiver.url }, 'not a public address'],
      [{ url: 'https://169.254.169.254/latest' }, 'not a public address'],
      [{ events: [] }, 'events'],
      [{ secret: 'x'.repeat(1_001) }, 'secret'],
      [{ description: '\0' }, 'description'],
    ];
    for (const [change, words] of bad) {
      await expect(at.webhooks.create({ ...good, ...change }), words).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(words),
      });
    }
    expect((await at.webhooks.list({ limit: 10 })).webhooks).toEqual([]);
    const webhook = await at.webhooks.create(good);
    for (const [change] of bad) {
      await expect(at.webhooks.update(webhook.id, { ...change, cause })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(await at.webhooks.get(webhook.id)).toEqual(webhook);
    expect((await at.events.list({ limit: 100 })).map(({ type }) => type)).toEqual(['webhook.created']);
    for (const missing of [
      () => at.webhooks.get('x'),
      () => at.webhooks.update('x', { cause }),
      () => at.webhooks.remove('x', cause),
    ]) {
      await expect(missing()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'Webhook with ID x not found.' });
    }
  });

  test('lists are in pages, newest first; a change moves the time even at one instant', async () => {
    const at = await openWebhooks(await open(), false);
    const events = ['registered_model.created'] as const;
    for (let index = 0; index < 5; index++) {
      await at.webhooks.create({ name: `w${index}`, url: 'https://8.8.8.8/', events, cause });
    }
    const seen: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await at.webhooks.list({ limit: 2, pageToken });
      seen.push(...page.webhooks.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(seen).toEqual(['w4', 'w3', 'w2', 'w1', 'w0']);
    await expect(at.webhooks.list({ limit: 2, pageToken: '!' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const [first] = (await at.webhooks.list({ limit: 1 })).webhooks;
    const changed = await at.webhooks.update(first?.id ?? '', { name: 'z', events: ['prompt.created'], cause });
    expect(changed).toMatchObject({ name: 'z', events: ['prompt.created'], url: 'https://8.8.8.8/' });
    expect(changed.updatedAt).toBeGreaterThan(first?.updatedAt ?? 0);
  });
});
