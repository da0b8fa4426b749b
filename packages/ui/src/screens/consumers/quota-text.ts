import type { ConsumerReply } from '../../app/replies.ts';
import { count } from '../../design/format.ts';

const HOUR_MS = 3_600_000;
const PERIODS_AN_HOUR = { second: 3_600, minute: 60, hour: 1, day: 1 / 24 } as const;
const HOURS_SHOWN = 24;

/** Requests of each of the last 24 hours, oldest first. */
export function hourlyRequests({ hours }: ConsumerReply, now: number): number[] {
  const last = Math.floor(now / HOUR_MS);
  const byHour = new Map(hours.map(({ hour, requests }) => [Math.floor(hour / HOUR_MS), requests]));
  return Array.from({ length: HOURS_SHOWN }, (_, index) => byHour.get(last - HOURS_SHOWN + 1 + index) ?? 0);
}

interface QuotaUse {
  /** 1: all of it. */
  readonly share: number;
  readonly of: string;
  readonly when: string;
}

/**
 * How much of its quota a consumer used: of a day's in the last 24 hours, of a shorter one's in its busiest hour of them.
 * Null without a quota.
 */
export function quotaUse({ quota, hours, day }: ConsumerReply): QuotaUse | null {
  if (quota === null) return null;
  const { unit, per, amount } = quota;
  const isDaily = per === 'day';
  const used = isDaily ? day[unit] : Math.max(0, ...hours.map((hour) => hour[unit]));
  const share = used / (isDaily ? amount : amount * PERIODS_AN_HOUR[per]);
  const when = isDaily ? 'in the last 24 hours' : 'in the busiest of the last 24 hours';
  return { share, of: `of ${quotaText(quota)}`, when };
}

/** 1,000 rows per minute */
export function quotaText({ amount, unit, per }: NonNullable<ConsumerReply['quota']>): string {
  return `${count(amount)} ${unit} per ${per}`;
}
