import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { sha256 } from '#kernel/digest';
import { HOUR_MS } from './model.ts';
import { cause, openConsumersBench } from './testing.ts';

const booking = { name: 'booking-app', owner: 'booking', purpose: 'warns travellers' };
const DAY_MS = 24 * HOUR_MS;

describeDatabases('consumers', (open) => {
  test('a token is told once and kept as its hash alone; data planes hear of it at once', async () => {
    const database = await open();
    const { consumers, access, facts, events } = await openConsumersBench(database);
    const quota = { amount: 100, unit: 'rows', per: 'minute' } as const;
    const { token, consumer } = await consumers.create({ ...booking, deployments: ['late-arrival'], quota }, cause);
    expect(token).toMatch(/^cap_[0-9A-Za-z]{40}$/);
    expect(consumer).toMatchObject({
      ...booking,
      project: null,
      deployments: ['late-arrival'],
      quota,
      lastSeenAt: null,
    });
    expect(consumer.tokens).toMatchObject([{ prefix: token.slice(0, 10), createdBy: 'test', expiresAt: null }]);
    const id = consumer.tokens[0]?.id;
    expect(await access()).toEqual({
      consumers: [
        {
          name: 'booking-app',
          deployments: ['late-arrival'],
          quota,
          tokens: [{ id, sha256: sha256(token), expiresAt: null }],
        },
      ],
      declaredOnly: [],
    });
    expect((await facts()).slice(-2)).toEqual(['consumer.created', 'consumer-token.issued']);
    const everything = JSON.stringify([await consumers.list(), await events.list({ limit: 1_000 })]);
    expect(everything).not.toContain(token.slice(10));
    expect(everything).not.toContain(sha256(token));
    const rows = await database.read.selectFrom('consumer_tokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token.slice(10));
  });

  test('a name is taken once, and a deployment must be there', async () => {
    const { consumers, deployments } = await openConsumersBench(await open());
    await consumers.create(booking, cause);
    const { version } = await deployments.snapshot();
    await expect(consumers.create(booking, cause)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      field: 'body.name',
    });
    const other = { ...booking, name: 'other', deployments: ['late-arrival', 'late-arival'] };
    await expect(consumers.create(other, cause)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'body.deployments[1]',
    });
    expect((await consumers.list()).map(({ name }) => name)).toEqual(['booking-app']);
    expect((await deployments.snapshot()).version).toBe(version);
  });

  test('a rotation leaves two tokens for a while; a third is refused until one has ended', async () => {
    const { consumers, access, advance } = await openConsumersBench(await open());
    const first = await consumers.create(booking, cause);
    const second = await consumers.rotate(booking.name, HOUR_MS, cause);
    const hashes = async () => (await access()).consumers.flatMap(({ tokens }) => tokens.map((token) => token.sha256));
    expect(await hashes()).toEqual([sha256(second.token), sha256(first.token)]);
    await expect(consumers.rotate(booking.name, HOUR_MS, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: expect.stringContaining(`--token ${first.token.slice(0, 10)}`),
    });
    expect(await hashes()).toHaveLength(2);
    advance(HOUR_MS);
    const third = await consumers.rotate(booking.name, 0, cause);
    expect(third.consumer.tokens.map(({ prefix }) => prefix)).toEqual([third.token.slice(0, 10)]);
    expect(await hashes()).toEqual([sha256(third.token)]);
  });

  test('tokens end one by one or all together, and the record says why', async () => {
    const { consumers, access, events } = await openConsumersBench(await open());
    const first = await consumers.create(booking, cause);
    const second = await consumers.rotate(booking.name, DAY_MS, cause);
    const prefix = first.token.slice(0, 10);
    await consumers.revoke(booking.name, { token: prefix, reason: 'it leaked' }, cause);
    expect((await access()).consumers[0]?.tokens.map((token) => token.sha256)).toEqual([sha256(second.token)]);
    const [fact] = await events.list({ type: 'consumer-token.revoked', limit: 1 });
    expect(fact?.payload).toEqual({ consumer: 'booking-app', token: prefix, reason: 'it leaked' });
    await expect(consumers.revoke(booking.name, { token: prefix }, cause)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await consumers.revoke(booking.name, {}, cause)).tokens).toEqual([]);
    expect((await access()).consumers[0]?.tokens).toEqual([]);
  });

  test('what is given of a consumer changes, and what is not stays', async () => {
    const { consumers, access, events, deployments } = await openConsumersBench(await open());
    const quota = { amount: 5, unit: 'requests', per: 'second' } as const;
    await consumers.create({ ...booking, quota }, cause);
    await consumers.set(booking.name, { deployments: ['late-arrival'] }, cause);
    expect((await access()).consumers).toMatchObject([{ deployments: ['late-arrival'], quota }]);
    await consumers.set(booking.name, { quota: null }, cause);
    expect((await access()).consumers).toMatchObject([{ deployments: ['late-arrival'], quota: null }]);
    const changed = (await events.list({ type: 'consumer.changed', limit: 9 })).map(
      ({ payload }) => payload['changed'],
    );
    expect(changed).toEqual([['deployments'], ['quota']]);
    const { version } = await deployments.snapshot();
    await consumers.set(booking.name, { quota: null }, cause);
    expect((await deployments.snapshot()).version).toBe(version);
    await expect(consumers.set('nobody', {}, cause)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a deployment is open until it is said that only consumers may call it; a rollout changes nothing of that', async () => {
    const { consumers, access, deployments } = await openConsumersBench(await open());
    expect(await consumers.policy('late-arrival')).toEqual({
      deployment: 'late-arrival',
      callers: 'open',
      project: null,
    });
    await consumers.setPolicy('late-arrival', 'declared', cause);
    expect((await access()).declaredOnly).toEqual(['late-arrival']);
    await deployments.openBreaker('late-arrival', 'a test', cause);
    expect((await access()).declaredOnly).toEqual(['late-arrival']);
    await consumers.setPolicy('late-arrival', 'open', cause);
    expect((await access()).declaredOnly).toEqual([]);
    await expect(consumers.setPolicy('nothing', 'declared', cause)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeDatabases('consumers that a project declares', (open) => {
  const declared = (consumers: string, callers = 'declared'): string =>
    `deployment: {name: late-arrival, rollout: [100%], callers: ${callers}}\nconsumers: {${consumers}}\n`;
  const app = 'booking-app: {owner: booking, purpose: warns travellers, quota: 10 rows per second}';

  test('are made so by apply; tokens are issued by hand', async () => {
    const { consumers, access, apply } = await openConsumersBench(await open());
    await apply(declared(app));
    const quota = { amount: 10, unit: 'rows', per: 'second' };
    expect(await access()).toEqual({
      consumers: [{ name: 'booking-app', deployments: ['late-arrival'], quota, tokens: [] }],
      declaredOnly: ['late-arrival'],
    });
    const { token } = await consumers.rotate('booking-app', 0, cause);
    expect((await access()).consumers[0]?.tokens).toMatchObject([{ sha256: sha256(token) }]);
    const ofProject = { code: 'CONFLICT', hint: expect.stringContaining('capstan.yaml of flights') };
    await expect(consumers.set('booking-app', { owner: 'me' }, cause)).rejects.toMatchObject(ofProject);
    await expect(consumers.setPolicy('late-arrival', 'open', cause)).rejects.toMatchObject(ofProject);
  });

  test('retire with their tokens when they are declared no more, and come back with them', async () => {
    const { consumers, access, apply } = await openConsumersBench(await open());
    await apply(declared(app));
    const { token } = await consumers.rotate('booking-app', 0, cause);
    await apply(declared('', 'open'));
    expect(await access()).toEqual({ consumers: [], declaredOnly: [] });
    expect(await consumers.list()).toMatchObject([{ name: 'booking-app', isRetired: true }]);
    await apply(declared(app));
    expect((await access()).consumers[0]?.tokens).toMatchObject([{ sha256: sha256(token) }]);
  });

  test('take over one that was made by hand, with its tokens', async () => {
    const { consumers, access, apply } = await openConsumersBench(await open());
    const { token } = await consumers.create(booking, cause);
    await apply(declared(app));
    expect(await consumers.list()).toMatchObject([{ name: 'booking-app', project: 'flights', quota: { amount: 10 } }]);
    expect((await access()).consumers[0]?.tokens).toMatchObject([{ sha256: sha256(token) }]);
  });

  test('are one project’s: another that declares the name is refused and changes nothing', async () => {
    const { consumers, apply } = await openConsumersBench(await open());
    await apply(declared(app));
    const other = `consumers: {booking-app: {owner: x, purpose: y, deployments: all}}\n`;
    await expect(apply(other, { project: 'other' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'consumers.booking-app',
    });
    expect(await consumers.list()).toMatchObject([{ owner: 'booking', project: 'flights' }]);
  });

  test('say what they may call where the project declares no deployment', async () => {
    const { apply } = await openConsumersBench(await open());
    const vague = apply('consumers: {booking-app: {owner: x, purpose: y}}\n');
    await expect(vague).rejects.toMatchObject({
      message: expect.stringContaining('say which deployments it may call'),
    });
    const wrong = apply('consumers: {booking-app: {owner: x, purpose: y, deployments: all, quota: 5 per second}}\n');
    await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining('50 requests per second') });
  });
});
