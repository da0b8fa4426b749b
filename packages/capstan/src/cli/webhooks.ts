import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Webhook = Awaited<ReturnType<Client['webhooks']['get']>>;
type Delivery = Awaited<ReturnType<Client['webhooks']['deliveries']>>['items'][number];

export function register(program: Command, { terminal, action }: Registration): void {
  const webhooks = program
    .command('webhooks')
    .description('Who outside hears of models and prompts, and how that goes');
  webhooks
    .command('list')
    .description('Webhooks, newest first; secrets are never shown')
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .action(
      action(async ({ limit, json }: { limit: number; json?: boolean }) => {
        const { items, nextCursor } = await connect(terminal).webhooks.list({ query: { limit } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/webhooks.v1', webhooks: items }) : webhookTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
  webhooks
    .command('deliveries <webhook>')
    .description('What was told to a webhook, by its id, and how it went, newest first')
    .option('--state <state>', 'only pending, delivered, failed or cancelled')
    .option('--limit <count>', 'at most this many', pageSize, 50)
    .option('--json', 'print JSON')
    .action(
      action(async (webhook: string, { json, ...options }: { state?: string; limit: number; json?: boolean }) => {
        const query = options as { state?: Delivery['state']; limit: number };
        const { items, nextCursor } = await connect(terminal).webhooks.deliveries({ params: { webhook }, query });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/webhook-deliveries.v1', deliveries: items }));
        else terminal.out(deliveryTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
  webhooks
    .command('test <webhook>')
    .description('Send an example; exit code 10 when it does not arrive')
    .option('--json', 'print JSON')
    .action(
      action(async (webhook: string, { json }: { json?: boolean }) => {
        const result = await connect(terminal).webhooks.test({ params: { webhook }, body: {} });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/webhook-test.v1', ...result }));
        else terminal.out(result.error ?? `it answered ${result.status}`);
        return result.isDelivered ? exitCodes.done : exitCodes.no;
      }),
    );
  webhooks
    .command('send-again <webhook> <delivery>')
    .description('Send a delivery that has ended once more, under the same id')
    .option('--json', 'print JSON')
    .action(
      action(async (webhook: string, delivery: string, { json }: { json?: boolean }) => {
        const queued = await connect(terminal).webhooks.sendAgain({ params: { webhook, delivery } });
        terminal.out(
          json
            ? JSON.stringify({ schema: 'capstan/webhook-delivery.v1', ...queued })
            : `${queued.id} is on its way again`,
        );
        return undefined;
      }),
    );
}

function webhookTable(webhooks: readonly Webhook[]): string {
  return table(
    ['ID', 'NAME', 'STATUS', 'SIGNED', 'CHANGED', 'URL', 'EVENTS'],
    webhooks.map(({ id, name, status, isSigned, updatedAt, url, events }) => [
      id,
      oneLine(name),
      status,
      isSigned ? 'yes' : 'no',
      timeText(updatedAt),
      oneLine(url),
      oneLine(events.join(', ')),
    ]),
  );
}

function deliveryTable(deliveries: readonly Delivery[]): string {
  return table(
    ['ID', 'WHEN', 'EVENT', 'STATE', 'TRIES', 'ANSWER', 'WHY'],
    deliveries.map(({ id, createdAt, event, state, tries, status, error }) => [
      id,
      timeText(createdAt),
      event,
      state,
      tries,
      status ?? '-',
      oneLine(error ?? ''),
    ]),
  );
}
