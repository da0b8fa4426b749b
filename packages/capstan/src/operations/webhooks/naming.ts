// What webhooks may be called and where they may lead.
import { webhookEventNames } from '@capstan/api';
import { DomainError, invalid } from '#kernel/errors';
import type { OutboundHttp } from '#ports/outbound-http';
import type { WebhookEvent } from './model.ts';

const LONGEST_DESCRIPTION = 1_000;
const LONGEST_SECRET = 1_000;

export function checkName(name: string): void {
  if (/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name)) return;
  throw invalid(`Webhook name '${name.slice(0, 100)}' is invalid`, {
    field: 'name',
    hint: 'Use letters, digits, dots, dashes and underscores, at most 63, with a letter or digit at both ends.',
  });
}

export function checkTexts({
  description,
  secret,
}: {
  description?: string | null | undefined;
  secret?: string | undefined;
}): void {
  for (const [field, text, longest] of [
    ['description', description ?? '', LONGEST_DESCRIPTION],
    ['secret', secret ?? '', LONGEST_SECRET],
  ] as const) {
    if (text.length > longest || text.includes('\0') || !text.isWellFormed()) {
      throw invalid(`The ${field} is longer than ${longest} characters, or holds what is no text`, { field });
    }
  }
}

/** @throws DomainError INVALID_ARGUMENT */
export function checkEvents(events: readonly WebhookEvent[]): void {
  if (events.length > 0) return;
  throw invalid('Webhook events cannot be empty', {
    field: 'events',
    hint: `Give some of ${webhookEventNames.join(', ')}.`,
  });
}

/** In the words that MLflow's clients know. @throws DomainError INVALID_ARGUMENT */
export async function checkUrl(outbound: OutboundHttp, url: string): Promise<void> {
  if (url.trim() === '') throw invalid('Webhook URL cannot be empty or just whitespace', { field: 'url' });
  try {
    await outbound.check(url);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'INVALID_ARGUMENT') throw error;
    const { details } = error;
    const isScheme = details?.['reason'] === 'scheme';
    const what = isScheme ? 'webhook URL scheme' : 'webhook URL';
    const hint = isScheme ? 'An operator can allow more: CAPSTAN_WEBHOOK_SCHEMES=https,http' : error.hint;
    throw invalid(`Invalid ${what}: ${error.message}`, {
      field: 'url',
      ...(hint !== undefined && { hint }),
      ...(details !== undefined && { details }),
    });
  }
}

/** What facts may tell of an address: it may hold a token. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}
