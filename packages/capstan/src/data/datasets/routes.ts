import { routes } from '@capstan/api';
import { attachmentReply, bind, bindRaw, type BoundRoute, type RawRequest } from '#http';
import { invalid } from '#kernel/errors';
import { summaryOf } from './model.ts';
import type { Datasets } from './service.ts';

export function datasetRoutes(datasets: Datasets): BoundRoute[] {
  return [
    bind(routes.datasets.list, async ({ params }) => ({
      items: (await datasets.summaries(params.project)).map((summary) => ({
        ...summary,
        newest: summary.newest && summaryOf(summary.newest),
        accepted: summary.accepted && summaryOf(summary.accepted),
      })),
    })),
    bind(routes.datasets.versions, async ({ params, query }) => {
      const { cursor, limit, ...filter } = query;
      const before = cursor === undefined ? undefined : numberOf(cursor);
      const items = await datasets.list({ ...params, ...filter, before, limit });
      const last = items.at(-1);
      return { items, ...(last && items.length === limit && { nextCursor: String(last.number) }) };
    }),
    bind(routes.datasets.getVersion, ({ params }) => datasets.describe(params.version)),
    bind(routes.datasets.diff, ({ params }, { signal }) => datasets.diff(params.version, params.other, signal)),
    bind(routes.datasets.rows, async ({ params, query }, { signal }) => {
      const { version, rows } = await datasets.preview(params.version, { ...query, signal });
      return {
        columns: version.columns,
        total: version.rows,
        items: rows.map((row) => ({ ...row, values: [...row.values] })),
      };
    }),
    bind(routes.datasets.quarantinedRows, async ({ params, query }, { signal }) => {
      const { version, total, rows } = await datasets.quarantinedRows(params.version, { ...query, signal });
      const items = rows.map((row) => ({ ...row, values: [...row.values], failed: [...row.failed] }));
      return { columns: version.quarantine?.registered.columns ?? [], total, items };
    }),
    bindRaw(routes.datasets.downloadQuarantine, async (request) => {
      const format = request.query.get('format') ?? 'csv';
      const file = await datasets.quarantineFile(request.params['version'] ?? '', format);
      return await attachmentReply(request, file, datasets.readFile);
    }),
    bindRaw(routes.datasets.croissant, async (request) => ({
      status: 200,
      headers: { 'content-type': 'application/ld+json; charset=utf-8' },
      body: JSON.stringify(await datasets.croissant(request.params['version'] ?? '', urlOf(request)), null, 2),
    })),
    bindRaw(routes.datasets.downloadFile, async (request) => {
      const file = await datasets.file(request.params['version'] ?? '', request.query.get('path') ?? '');
      return await attachmentReply(request, file, datasets.readFile);
    }),
    bind(routes.datasets.register, async ({ params, body }, { cause }) => {
      const files = body.files?.map((file) => file.path);
      return summaryOf(await datasets.registerFromFolder({ ...params, files, replace: body.replace, cause }));
    }),
  ];
}

function numberOf(cursor: string): number {
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
}

/** Where the caller reached this server. */
function urlOf({ headers }: RawRequest): string {
  const host = String(headers['host'] ?? '127.0.0.1');
  return /^[\w.:[\]-]{1,255}$/.test(host) ? `http://${host}` : 'http://127.0.0.1';
}
