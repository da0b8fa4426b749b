import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Webhook } from './model.ts';
import type { Webhooks } from './service.ts';

export function webhookRoutes(webhooks: Webhooks): BoundRoute[] {
  const table = routes.webhooks;
  return [
    bind(table.list, async ({ query: { limit, cursor } }) => {
      const page = await webhooks.list({ limit, pageToken: cursor });
      return { items: page.webhooks.map(reply), ...nextCursor(page.nextPageToken) };
    }),
    bind(table.get, async ({ params }) => reply(await webhooks.get(params.webhook))),
    bind(table.create, async ({ body }, { cause }) => reply(await webhooks.create({ ...body, cause }))),
    bind(table.update, async ({ params, body }, { cause }) =>
      reply(await webhooks.update(params.webhook, { ...body, cause })),
    ),
    bind(table.remove, async ({ params }, { cause }) => {
      await webhooks.remove(params.webhook, cause);
      return {};
    }),
    bind(table.test, ({ params, body }, { signal }) => webhooks.test(params.webhook, body.event, signal)),
    bind(table.deliveries, async ({ params, query: { limit, cursor, state } }) => {
      const page = await webhooks.deliveries(params.webhook, { limit, pageToken: cursor, state });
      return { items: [...page.deliveries], ...nextCursor(page.nextPageToken) };
    }),
    bind(table.sendAgain, ({ params }) => webhooks.sendAgain(params.webhook, params.delivery)),
  ];
}

function reply(webhook: Webhook) {
  return { ...webhook, events: [...webhook.events] };
}

function nextCursor(token: string | undefined) {
  return token === undefined ? {} : { nextCursor: token };
}
