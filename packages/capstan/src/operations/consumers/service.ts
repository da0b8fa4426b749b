import type { CallCount, CallersPolicy, Consumer, UndeclaredCaller, UnknownCaller } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, DomainError, invalid, notFound } from '#kernel/errors';
import { applyDeclared } from './apply-declared.ts';
import * as counts from './call-counts.store.ts';
import type { ConsumersDeps } from './deps.ts';
import { BY_HAND, changedFields, DAY_MS, hourOf, MOST_TOKENS, type ConsumerFields } from './model.ts';
import * as store from './store.ts';
import { newToken } from './token.ts';
import { callerView, consumerView, unknownCallerView, volumeByDeployment, type ConsumerDetail } from './views.ts';

/** What is given of a consumer; `deployments` null or left out: it may call all, `quota` the same: without one. */
export interface NewConsumer {
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
  readonly deployments?: readonly string[] | null | undefined;
  readonly quota?: ConsumerFields['quota'] | undefined;
}

/** What is not given stays as it is. */
type ConsumerChange = {
  readonly [Field in Exclude<keyof NewConsumer, 'name'>]?: NewConsumer[Field] | undefined;
};

export interface Issued {
  readonly consumer: Consumer;
  /** Told this once. */
  readonly token: string;
}

interface Policy {
  readonly deployment: string;
  readonly callers: CallersPolicy;
  readonly project: string | null;
}

export interface Consumers {
  /** By name, with what they asked in the last 24 hours; of one deployment those that may call it. */
  list(deployment?: string): Promise<Consumer[]>;
  /** @throws DomainError NOT_FOUND */
  get(name: string, days: number): Promise<ConsumerDetail>;
  /** With its first token. @throws DomainError ALREADY_EXISTS, INVALID_ARGUMENT for a deployment that does not exist */
  create(consumer: NewConsumer, cause: Cause): Promise<Issued>;
  /** Changes what is given. @throws DomainError NOT_FOUND, INVALID_ARGUMENT; CONFLICT where a project declares it */
  set(name: string, change: ConsumerChange, cause: Cause): Promise<Consumer>;
  /** Issues another token; the one before is taken for so long. @throws DomainError NOT_FOUND, CONFLICT where two are taken already */
  rotate(name: string, overlapMs: number, cause: Cause): Promise<Issued>;
  /** Ends one token, by id or prefix, or all. @throws DomainError NOT_FOUND; INVALID_ARGUMENT where several have the prefix */
  revoke(
    name: string,
    what: { readonly token?: string | undefined; readonly reason?: string | undefined },
    cause: Cause,
  ): Promise<Consumer>;
  /** Callers without a token, those that asked most first. */
  callers(query: { readonly deployment?: string | undefined; readonly days: number }): Promise<UndeclaredCaller[]>;
  /** Callers with a token that is not known, those that asked most first. */
  unknownCallers(query: { readonly deployment?: string | undefined; readonly days: number }): Promise<UnknownCaller[]>;
  /** Requests of declared consumers to a deployment in the last days. */
  countRequests(deployment: string, days: number): Promise<number>;
  /** @throws DomainError NOT_FOUND */
  policy(deployment: string): Promise<Policy>;
  /** @throws DomainError NOT_FOUND; CONFLICT where a project declares it */
  setPolicy(deployment: string, callers: CallersPolicy, cause: Cause): Promise<Policy>;
  /** Adds what a data plane counted. False, and nothing added, where the batch was taken before. */
  takeCounts(batch: {
    readonly id: string;
    readonly replica: string;
    readonly counts: readonly CallCount[];
  }): Promise<boolean>;
  /** See `applyDeclared`. */
  applyProject(project: string, cause: Cause): Promise<void>;
  /** Forgets what was counted before a time. */
  expire(before: number): Promise<void>;
}

/** Callers of one answer. */
const MOST_CALLERS = 1_000;

export function createConsumers(deps: ConsumersDeps): Consumers {
  const { database, events, clock } = deps;

  async function require(name: string, reader = database.read): Promise<store.ConsumerRow> {
    const row = await store.findConsumer(reader, name);
    if (row) return row;
    throw notFound('consumer', name, 'capstan consumers list shows those that exist.');
  }

  async function view(name: string): Promise<Consumer> {
    const row = await require(name);
    const since = hourOf(clock.now() - DAY_MS);
    return consumerView(row, {
      tokens: await store.tokensOf(database.read, name),
      counts: await counts.consumerCounts(database.read, since, { consumer: name }),
      now: clock.now(),
    });
  }

  async function publish(writer: Writer): Promise<void> {
    await deps.deployments.publishAccess(writer, await store.accessNow(writer, clock.now()));
  }

  async function issue(writer: Writer, name: string, cause: Cause): Promise<string> {
    const { token, prefix, sha256 } = newToken();
    await store.insertToken(writer, {
      id: deps.ids.next('ct'),
      consumer: name,
      prefix,
      sha256,
      created_at: clock.now(),
      created_by: cause.actor,
    });
    const fact = { type: 'consumer-token.issued', subject: `consumer:${name}` } as const;
    await events.append(writer, cause, { ...fact, payload: { consumer: name, token: prefix } });
    return token;
  }

  async function requireDeployments(names: readonly string[] | null | undefined): Promise<void> {
    for (const [index, name] of (names ?? []).entries()) {
      try {
        await deps.deployments.get(name);
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'NOT_FOUND') throw error;
        const field = `body.deployments[${index}]`;
        throw invalid(`${error.message}`, { field, ...(error.hint !== undefined && { hint: error.hint }) });
      }
    }
  }

  return {
    async list(deployment) {
      const now = clock.now();
      const tokens = Map.groupBy(await store.tokensOf(database.read), ({ consumer }) => consumer);
      const asked = Map.groupBy(
        await counts.consumerCounts(database.read, hourOf(now - DAY_MS), { deployment }),
        ({ consumer }) => consumer,
      );
      return (await store.listConsumers(database.read))
        .map((row) => consumerView(row, { tokens: tokens.get(row.name) ?? [], counts: asked.get(row.name) ?? [], now }))
        .filter(({ deployments }) => deployment === undefined || (deployments?.includes(deployment) ?? true));
    },
    async get(name, days) {
      const consumer = await view(name);
      const since = hourOf(clock.now() - days * DAY_MS);
      const asked = await counts.consumerCounts(database.read, since, { consumer: name });
      return { ...consumer, byDeployment: volumeByDeployment(asked) };
    },
    async create({ name, owner, purpose, deployments = null, quota = null }, cause) {
      await requireDeployments(deployments);
      const token = await database.write(async (writer) => {
        const row = { name, owner, purpose, deployments, quota, project: BY_HAND, createdAt: clock.now() };
        if (!(await store.insertConsumer(writer, row))) {
          throw new DomainError('ALREADY_EXISTS', `There is a consumer '${name}' already`, {
            field: 'body.name',
            hint: `capstan consumers rotate ${name} gives it another token.`,
          });
        }
        await events.append(writer, cause, {
          type: 'consumer.created',
          subject: `consumer:${name}`,
          payload: { consumer: name, owner },
        });
        const issued = await issue(writer, name, cause);
        await publish(writer);
        return issued;
      });
      return { consumer: await view(name), token };
    },
    async set(name, change, cause) {
      await requireDeployments(change.deployments);
      await database.write(async (writer) => {
        const row = await require(name, writer);
        refuseDeclared(row);
        const before = store.fieldsIn(row);
        const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        const changed = changedFields(before, { ...before, ...given });
        if (changed.length === 0) return;
        await store.updateConsumer(writer, name, given);
        const payload = { consumer: name, changed };
        await events.append(writer, cause, { type: 'consumer.changed', subject: `consumer:${name}`, payload });
        await publish(writer);
      });
      return await view(name);
    },
    async rotate(name, overlapMs, cause) {
      const token = await database.write(async (writer) => {
        await require(name, writer);
        const now = clock.now();
        // Its fact makes others wait that rotate at the same time: what is read then is what they leave.
        const issued = await issue(writer, name, cause);
        const [, ...before] = (await store.tokensOf(writer, name)).filter((row) => store.isLive(row, now));
        if (before.length >= MOST_TOKENS) throw twoTokens(name, before);
        for (const { id } of before) await store.updateToken(writer, id, { expires_at: now + overlapMs });
        await publish(writer);
        return issued;
      });
      return { consumer: await view(name), token };
    },
    async revoke(name, { token, reason }, cause) {
      await database.write(async (writer) => {
        await require(name, writer);
        const now = clock.now();
        const live = (await store.tokensOf(writer, name)).filter((row) => store.isLive(row, now));
        const ended = token === undefined ? live : [chosen(name, live, token)];
        if (ended.length === 0) return;
        for (const { id, prefix } of ended) {
          await store.updateToken(writer, id, { revoked_at: now });
          await events.append(writer, cause, {
            type: 'consumer-token.revoked',
            subject: `consumer:${name}`,
            payload: { consumer: name, token: prefix, ...(reason !== undefined && { reason }) },
          });
        }
        await publish(writer);
      });
      return await view(name);
    },
    async callers({ deployment, days }) {
      const since = hourOf(clock.now() - days * DAY_MS);
      return (await counts.undeclaredCallers(database.read, since, MOST_CALLERS, deployment)).map(callerView);
    },
    async unknownCallers({ deployment, days }) {
      const since = hourOf(clock.now() - days * DAY_MS);
      const found = await counts.unknownCallers(database.read, since, MOST_CALLERS, deployment);
      return found.map(unknownCallerView(await store.tokensOf(database.read)));
    },
    async countRequests(deployment, days) {
      const asked = await counts.consumerCounts(database.read, hourOf(clock.now() - days * DAY_MS), { deployment });
      return asked.reduce((sum, { requests }) => sum + requests, 0);
    },
    async policy(deployment) {
      const row = await store.findPolicy(database.read, deployment);
      if (!row) await deps.deployments.get(deployment);
      return policyView(deployment, row);
    },
    async setPolicy(deployment, callers, cause) {
      await deps.deployments.get(deployment);
      await database.write(async (writer) => {
        const row = await store.findPolicy(writer, deployment);
        if (row && row.project !== BY_HAND) throw declaredElsewhere(`Who may call ${deployment}`, row.project);
        if ((row?.callers ?? 'open') === callers) return;
        await store.keepPolicy(writer, { deployment, project: BY_HAND, callers });
        const fact = { type: 'deployment.callers-set', subject: `deployment:${deployment}` } as const;
        await events.append(writer, cause, { ...fact, payload: { deployment, callers } });
        await publish(writer);
      });
      return policyView(deployment, await store.findPolicy(database.read, deployment));
    },
    takeCounts: (batch) =>
      database.write(async (writer) => {
        const { id, replica } = batch;
        if (!(await counts.insertBatch(writer, { id, replica, receivedAt: clock.now() }))) return false;
        // In one order, so that two batches at once do not wait for each other.
        for (const count of batch.counts.toSorted(byKey)) {
          const { unknownToken } = count;
          if (unknownToken === undefined) await counts.addCount(writer, count);
          else await counts.addUnknown(writer, { ...count, unknownToken });
          if (count.token !== null) await store.touchToken(writer, count.token, count.lastAt);
        }
        return true;
      }),
    applyProject: (project, cause) => applyDeclared({ ...deps, publish }, project, cause),
    expire: (before) => database.write((writer) => counts.dropCounts(writer, before)),
  };
}

function byKey(a: CallCount, b: CallCount): number {
  const keyOf = ({ deployment, hour, consumer, unknownToken, agent, address }: CallCount): string =>
    JSON.stringify([deployment, hour, consumer, unknownToken, agent, address]);
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function policyView(deployment: string, row: store.PolicyRow | undefined): Policy {
  return { deployment, callers: row?.callers ?? 'open', project: row && row.project !== BY_HAND ? row.project : null };
}

/** @throws DomainError CONFLICT */
function refuseDeclared({ name, project }: store.ConsumerRow): void {
  if (project !== BY_HAND) throw declaredElsewhere(`The consumer ${name}`, project);
}

function declaredElsewhere(what: string, project: string): DomainError {
  return conflict(`${what} is declared by the project ${project}`, {
    hint: `Change it in the capstan.yaml of ${project} and run capstan apply.`,
  });
}

function twoTokens(name: string, live: readonly store.TokenRow[]): DomainError {
  const [newest, older] = live.map(({ prefix }) => prefix);
  return conflict(`Two tokens of ${name} are taken already: ${newest ?? ''} and ${older ?? ''}`, {
    hint: `End the one that is no longer used: capstan consumers revoke ${name} --token ${older ?? ''}.`,
  });
}

function chosen(name: string, live: readonly store.TokenRow[], asked: string): store.TokenRow {
  const found = live.filter(({ id, prefix }) => id === asked || prefix === asked);
  const [only] = found;
  if (!only) {
    const known = live.map(({ prefix }) => prefix).join(', ');
    throw notFound('token', asked, `Of ${name} these are taken: ${known || 'none'}.`);
  }
  if (found.length === 1) return only;
  const ids = found.map(({ id }) => id).join(', ');
  throw invalid(`Two tokens of ${name} begin with ${asked}`, {
    field: 'body.token',
    hint: `Name one by its id: ${ids}`,
  });
}
