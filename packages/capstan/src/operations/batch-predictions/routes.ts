import { routes } from '@capstan/api';
import { attachmentReply, bind, bindRaw, type BoundRoute } from '#http';
import type { BatchPredictions } from './service.ts';

export function batchPredictionRoutes(batches: BatchPredictions): BoundRoute[] {
  const table = routes.batchPredictions;
  return [
    bind(table.start, ({ body }, { cause }) => batches.start({ ...body, cause })),
    bind(table.list, ({ query }) => batches.list(query)),
    bind(table.get, ({ params }) => batches.get(params.batchPrediction)),
    bind(table.executors, async () => ({ items: batches.executors() })),
    bind(table.cancel, ({ params }, { cause }) => batches.cancel(params.batchPrediction, cause)),
    bindRaw(table.result, async (request) => {
      const file = await batches.result(request.params['batchPrediction'] ?? '');
      return await attachmentReply(request, file, (found, range) => batches.readResult(found.digest, range));
    }),
  ];
}
