// What is told to webhooks, in MLflow's words, and how a delivery goes on after an answer. Pure.
import { createHmac } from 'node:crypto';
import { webhookEventNames, type EventRecord } from '@capstan/api';
import type { HistoryEntry } from '#model/registry';

export type WebhookEvent = (typeof webhookEventNames)[number];

export function isEvent(text: string): text is WebhookEvent {
  return webhookEventNames.some((event) => event === text);
}

/** A webhook as everybody may see it: its secret is not part of it. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: 'ACTIVE' | 'DISABLED';
  readonly isSigned: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'cancelled';

export interface Delivery {
  readonly id: string;
  readonly webhook: string;
  readonly event: string;
  /** The fact it tells of. */
  readonly eventSeq: number;
  readonly state: DeliveryState;
  readonly tries: number;
  /** Status of the last answer; null where there was none. */
  readonly status: number | null;
  readonly error: string | null;
  readonly createdAt: number;
  /** Of the last try, in real time. */
  readonly triedAt: number | null;
  readonly nextTryAt: number | null;
}

export interface Message {
  readonly event: WebhookEvent;
  readonly data: Readonly<Record<string, unknown>>;
}

const PROMPT_TEXT = 'mlflow.prompt.text';
/** How MLflow marks prompts: no news to those who hear of them. */
const PROMPT_MARKS = new Set(['mlflow.prompt.is_prompt', '_mlflow_prompt_type']);

/** What a fact of the registry, with its changes, is to those who listen. */
export function messagesOf(fact: EventRecord, changes: readonly HistoryEntry[]): Message[] {
  const isPrompt = fact.payload['isPrompt'] === true;
  switch (fact.type) {
    case 'registered-model.created':
      return [modelCreated(String(fact.payload['model']), isPrompt, changes)];
    case 'model-version.created':
      return [versionCreated(fact, isPrompt, changes)];
    default:
      return changes.flatMap((change) => changed(change, isPrompt) ?? []);
  }
}

function modelCreated(name: string, isPrompt: boolean, changes: readonly HistoryEntry[]): Message {
  const tags = tagsOf(changes, isPrompt ? PROMPT_MARKS : new Set());
  return {
    event: isPrompt ? 'prompt.created' : 'registered_model.created',
    data: { name, tags, description: descriptionOf(changes) ?? '' },
  };
}

function versionCreated({ payload }: EventRecord, isPrompt: boolean, changes: readonly HistoryEntry[]): Message {
  const name = String(payload['model']);
  const version = String(payload['version']);
  const description = descriptionOf(changes) || null;
  if (isPrompt) {
    const template = changes.find(({ kind, key }) => kind === 'tag.set' && key === PROMPT_TEXT)?.to ?? null;
    const tags = tagsOf(changes, new Set([...PROMPT_MARKS, PROMPT_TEXT]));
    return { event: 'prompt_version.created', data: { name, version, template, tags, description } };
  }
  return {
    event: 'model_version.created',
    data: {
      name,
      version,
      source: payload['source'],
      run_id: payload['runId'] ?? null,
      tags: tagsOf(changes, new Set()),
      description,
    },
  };
}

function changed({ kind, model: name, version, key, to }: HistoryEntry, isPrompt: boolean): Message | undefined {
  const ofVersion = version === null ? {} : { version: String(version) };
  switch (kind) {
    case 'tag.set':
    case 'tag.removed': {
      const action = kind === 'tag.set' ? 'set' : 'deleted';
      const value = kind === 'tag.set' ? { value: to } : {};
      if (version !== null) {
        const event = isPrompt ? (`prompt_version_tag.${action}` as const) : (`model_version_tag.${action}` as const);
        return { event, data: { name, ...ofVersion, key, ...value } };
      }
      return isPrompt ? { event: `prompt_tag.${action}`, data: { name, key, ...value } } : undefined;
    }
    case 'alias.set':
      return {
        event: isPrompt ? 'prompt_alias.created' : 'model_version_alias.created',
        data: { name, alias: key, ...ofVersion },
      };
    case 'alias.removed':
      return { event: isPrompt ? 'prompt_alias.deleted' : 'model_version_alias.deleted', data: { name, alias: key } };
    default:
      return undefined;
  }
}

function tagsOf(changes: readonly HistoryEntry[], hidden: ReadonlySet<string>): Record<string, string> {
  const tags = changes.filter(({ kind, key }) => kind === 'tag.set' && !hidden.has(key));
  return Object.fromEntries(tags.map(({ key, to }) => [key, to ?? '']));
}

function descriptionOf(changes: readonly HistoryEntry[]): string | null {
  return changes.find(({ kind }) => kind === 'description.set')?.to ?? null;
}

/** The whole message, with the time of what it tells of as Python writes it. */
export function bodyOf({ event, data }: Message, at: number): string {
  const [entity, action] = event.split('.');
  const timestamp = new Date(at).toISOString().replace('Z', '000+00:00');
  return JSON.stringify({ entity, action, timestamp, data });
}

/** Headers of one try. The signature is over `DELIVERY.TIMESTAMP.BODY`, as MLflow and Standard Webhooks have it. */
export function headersOf(delivery: string, body: string, secret: string | null, at: number): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  const signature = () =>
    createHmac('sha256', secret ?? '')
      .update(`${delivery}.${timestamp}.${body}`)
      .digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'capstan-webhooks',
    'X-MLflow-Delivery-Id': delivery,
    'X-MLflow-Timestamp': timestamp,
    ...(secret !== null && { 'X-MLflow-Signature': `v1,${signature()}` }),
  };
}

/** Tries in all: over about two minutes. */
export const MOST_TRIES = 8;
const RETRIED = new Set([429, 500, 502, 503, 504]);
const LONGEST_WAIT_MS = 60_000;
const LONGEST_ASKED_MS = 3_600_000;

export type Verdict = 'delivered' | 'again' | 'failed';

/** What an answer means for a delivery. */
export function judge(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  return RETRIED.has(status) ? 'again' : 'failed';
}

/**
 * How long to wait for the next try: what the target asks for, at most an hour, or a doubling time.
 * @param retryAfter the header: seconds, or a date; @param chance from 0 to 1, to keep many from coming at once
 */
export function waitMs(
  tries: number,
  retryAfter: string | undefined,
  { firstMs, now, chance }: { readonly firstMs: number; readonly now: number; readonly chance: number },
): number {
  const asked = retryAfter === undefined ? undefined : askedMs(retryAfter, now);
  if (asked !== undefined) return Math.min(LONGEST_ASKED_MS, asked);
  return Math.min(LONGEST_WAIT_MS, firstMs * 2 ** (tries - 1)) + firstMs * chance;
}

function askedMs(retryAfter: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
