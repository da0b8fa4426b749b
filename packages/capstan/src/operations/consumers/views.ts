import type { Consumer, UndeclaredCaller, UnknownCaller } from '@capstan/api';
import type { CallerVolume, consumerCounts, UnknownVolume, Volume } from './call-counts.store.ts';
import { BY_HAND } from './model.ts';
import { fieldsIn, isLive, type ConsumerRow, type TokenRow } from './store.ts';

type Count = Awaited<ReturnType<typeof consumerCounts>>[number];

interface Asked extends Volume {
  readonly deployment: string;
  readonly lastSeenAt: number;
}

export interface ConsumerDetail extends Consumer {
  readonly byDeployment: Asked[];
}

/** A consumer with what it asked lately. `counts`: its own, oldest first. */
export function consumerView(
  row: ConsumerRow,
  of: { readonly tokens: readonly TokenRow[]; readonly counts: readonly Count[]; readonly now: number },
): Consumer {
  const { deployments, ...fields } = fieldsIn(row);
  const times = of.tokens.flatMap(({ last_used_at: at }) => (at === null ? [] : [at]));
  return {
    name: row.name,
    ...fields,
    deployments: deployments && [...deployments],
    project: row.project === BY_HAND ? null : row.project,
    isRetired: row.is_retired === 1,
    createdAt: row.created_at,
    tokens: of.tokens.filter((token) => isLive(token, of.now)).map(tokenView),
    lastSeenAt: times.length === 0 ? null : Math.max(...times),
    day: sumOf(of.counts),
    hours: [...Map.groupBy(of.counts, ({ hour }) => hour)].map(([hour, counts]) => {
      const { requests, rows, refused } = sumOf(counts);
      return { hour, requests, rows, refused };
    }),
  };
}

function tokenView(row: TokenRow): Consumer['tokens'][number] {
  return {
    id: row.id,
    prefix: row.prefix,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}

export function volumeByDeployment(counts: readonly Count[]): Asked[] {
  return [...Map.groupBy(counts, ({ deployment }) => deployment)].map(([deployment, mine]) => ({
    deployment,
    ...sumOf(mine),
    lastSeenAt: Math.max(...mine.map(({ lastAt }) => lastAt)),
  }));
}

export function callerView({ agent, address, firstAt, lastAt, ...volume }: CallerVolume): UndeclaredCaller {
  const isOthers = agent === '' && address === '';
  return {
    ...volume,
    agent: isOthers ? null : agent,
    address: isOthers ? null : address,
    firstSeenAt: firstAt,
    lastSeenAt: lastAt,
  };
}

/** @param tokens every token of the consumers, those that have ended too */
export function unknownCallerView(tokens: readonly TokenRow[]): (caller: UnknownVolume) => UnknownCaller {
  return ({ token, deployment, agent, address, requests, firstAt, lastAt }) => {
    const isOthers = token === '';
    const was = isOthers ? undefined : tokens.find(({ sha256 }) => sha256.startsWith(token));
    return {
      token: isOthers ? null : token,
      was: was ? { consumer: was.consumer, prefix: was.prefix, endedAt: was.revoked_at ?? was.expires_at } : null,
      deployment: deployment === '' ? null : deployment,
      agent: isOthers ? null : agent,
      address: isOthers ? null : address,
      requests,
      firstSeenAt: firstAt,
      lastSeenAt: lastAt,
    };
  };
}

function sumOf(counts: readonly Volume[]): Volume {
  const sum = (of: (volume: Volume) => number): number => counts.reduce((total, each) => total + of(each), 0);
  return {
    requests: sum(({ requests }) => requests),
    rows: sum(({ rows }) => rows),
    errors: sum(({ errors }) => errors),
    refused: sum(({ refused }) => refused),
  };
}
