import { routes, type DatasetVersion, type DatasetVersionSummary } from '@capstan/api';
import { attachmentReply, bind, bindRaw, type BoundRoute } from '#http';
import { invalid } from '#kernel/errors';
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

/** A version without its long parts. */
export function summaryOf(version: DatasetVersion): DatasetVersionSummary {
  const {
    files: _files,
    columns: _columns,
    eventTimeColumn: _column,
    parents: _parents,
    profile: _profile,
    report: _report,
    ...rest
  } = version;
  return rest;
}

function numberOf(cursor: string): number {
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
}
