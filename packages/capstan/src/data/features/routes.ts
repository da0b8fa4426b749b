import { routes } from '@capstan/api';
import { attachmentReply, bind, bindRaw, type BoundRoute } from '#http';
import type { Features } from './service.ts';

export function featureRoutes(features: Features): BoundRoute[] {
  const named = routes.features;
  return [
    bind(named.list, async ({ params }) => ({ items: await features.list(params.project) })),
    bind(named.materialize, ({ params }, { cause }) => features.materialize(params.project, params.view, cause)),
    bind(named.check, ({ params }, { cause }) => features.check(params.project, params.view, cause)),
    bind(named.online, ({ params, body }) => features.online({ ...params, ...body })),
    bind(named.makeTrainingSet, ({ params, body }, { cause }) => {
      const { dataset, version, eventTime } = body.rows;
      const rows = {
        dataset,
        ...(version !== undefined && { version }),
        ...(eventTime !== undefined && { eventTime }),
      };
      return features.makeTrainingSet({ ...params, ...body, rows, cause });
    }),
    bind(named.getTrainingSet, ({ params }) => features.trainingSet(params.trainingSet)),
    bindRaw(named.downloadTrainingSet, async (request) => {
      const file = await features.trainingSetFile(request.params['trainingSet'] ?? '');
      return await attachmentReply(request, file, features.readFile);
    }),
  ];
}
