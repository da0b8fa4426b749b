import { webhookEventNames } from '@capstan/api';
import type { RawRequest } from '#http';
import { invalid } from '#kernel/errors';
import { isEvent, type Webhook, type WebhookEvent, type Webhooks } from '#operations/webhooks';
import { call } from '../wire/call.ts';
import { enumOf, int32, list, message, string, type MessageOf } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { pageSize, required } from '../wire/require.ts';

const DEFAULT_WEBHOOKS = 100;
const MOST_WEBHOOKS = 1_000;
/** In place of what a target answers: a caller must not learn by this server what a machine inside it says. */
const NO_BODY = 'Capstan does not pass on what the target of a webhook answers';

const eventFields = {
  entity: enumOf(
    'REGISTERED_MODEL',
    'MODEL_VERSION',
    'MODEL_VERSION_TAG',
    'MODEL_VERSION_ALIAS',
    'PROMPT',
    'PROMPT_VERSION',
    'PROMPT_TAG',
    'PROMPT_VERSION_TAG',
    'PROMPT_ALIAS',
    'BUDGET_POLICY',
  ),
  action: enumOf('CREATED', 'UPDATED', 'DELETED', 'SET', 'EXCEEDED'),
} as const;
const event = message(eventFields);

const fields = message({
  name: string,
  description: string,
  url: string,
  events: list(event),
  secret: string,
  status: enumOf('ACTIVE', 'DISABLED'),
});

export function webhookCalls(webhooks: Webhooks) {
  return {
    createWebhook: call(fields, async ({ name, description, url, events, secret, status }, { cause }) => {
      const webhook = await webhooks.create({
        name: required('name', name),
        url: required('url', url),
        events: required('events', events.length === 0 ? undefined : events).map(toEvent),
        description: description || null,
        secret,
        status,
        cause,
      });
      return { webhook: toMessage(webhook) };
    }),
    listWebhooks: call(message({ max_results: int32, page_token: string }), async ({ max_results, page_token }) => {
      const limit = pageSize(max_results, DEFAULT_WEBHOOKS, MOST_WEBHOOKS);
      const page = await webhooks.list({ limit, pageToken: page_token });
      return {
        ...listed('webhooks', page.webhooks.map(toMessage)),
        ...optional('next_page_token', page.nextPageToken),
      };
    }),
    getWebhook: call(message({}), async (_, { request }) => ({
      webhook: toMessage(await webhooks.get(idIn(request))),
    })),
    // An empty name or address is as good as none; an empty description or secret takes the old one away.
    updateWebhook: call(fields, async ({ name, description, url, events, secret, status }, { request, cause }) => {
      const webhook = await webhooks.update(idIn(request), {
        ...(name && { name }),
        ...(url && { url }),
        ...(events.length > 0 && { events: events.map(toEvent) }),
        ...optional('description', description),
        ...optional('secret', secret),
        ...optional('status', status),
        cause,
      });
      return { webhook: toMessage(webhook) };
    }),
    deleteWebhook: call(message({}), async (_, { request, cause }) => {
      await webhooks.remove(idIn(request), cause);
      return {};
    }),
    testWebhook: call(message({ event }), async (asked, { request }) => {
      const wanted = asked.event === undefined ? undefined : toEvent(asked.event);
      const result = await webhooks.test(idIn(request), wanted, request.signal);
      return {
        result: {
          success: result.isDelivered,
          ...optional('response_status', result.status),
          ...(result.status !== null && { response_body: NO_BODY }),
          ...optional('error_message', result.error),
        },
      };
    }),
  };
}

/** @throws DomainError INVALID_ARGUMENT for a pair that there is not */
function toEvent({ entity, action }: MessageOf<typeof eventFields>): WebhookEvent {
  const name = `${required('events.entity', entity)}.${required('events.action', action)}`.toLowerCase();
  if (isEvent(name)) return name;
  const actions = webhookEventNames.filter((known) => known.startsWith(`${entity?.toLowerCase()}.`));
  throw invalid(`Invalid action '${action?.toLowerCase()}' for entity '${entity?.toLowerCase()}'`, {
    field: 'events',
    hint: `Known: ${actions.join(', ')}.`,
  });
}

function toMessage(webhook: Webhook): object {
  return {
    webhook_id: webhook.id,
    name: webhook.name,
    ...(webhook.description && { description: webhook.description }),
    url: webhook.url,
    events: webhook.events.map((name) => {
      const [entity = '', action = ''] = name.toUpperCase().split('.');
      return { entity, action };
    }),
    status: webhook.status,
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  };
}

function idIn(request: RawRequest): string {
  return required('webhook_id', request.params['webhook_id']);
}
