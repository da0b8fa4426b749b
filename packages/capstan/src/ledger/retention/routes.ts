import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { PurgeReport, Retention } from './service.ts';

const table = routes.trash;

export function retentionRoutes(retention: Retention): BoundRoute[] {
  return [
    bind(table.list, async ({ query }) => {
      const page = await retention.list(query);
      return {
        ...page,
        items: page.items.map((item) => ({ ...item, heldBy: [...item.heldBy] })),
        retentionMs: retention.retentionMs,
      };
    }),
    bind(table.delete, async ({ body }, { cause }) => ({ changed: await retention.putIntoTrash(body, cause) })),
    bind(table.restore, async ({ body }, { cause }) => ({ changed: await retention.restore(body, cause) })),
    bind(table.purge, async ({ body }, { cause }) => reply(await retention.purge(body, cause))),
    bind(table.collect, async ({ body }, { cause, signal }) =>
      reply(await retention.collect({ olderThanMs: body.olderThan, isDryRun: body.isDryRun, signal }, cause)),
    ),
  ];
}

function reply(report: PurgeReport) {
  return { ...report, held: report.held.map((held) => ({ ...held, by: [...held.by] })) };
}
