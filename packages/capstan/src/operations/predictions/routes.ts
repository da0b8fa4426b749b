import { routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import { invalid } from '#kernel/errors';
import type { Deployments } from '#operations/deployments';
import type { Predictions } from './service.ts';

const SEGMENT_ID = /^sg_[0-9a-z]{10,40}$/;
const REPLICA = /^[\w-]{1,64}$/;
const EVER = { from: -8.64e15, to: 8.64e15 };

export function predictionRoutes(predictions: Predictions, deployments: Deployments): BoundRoute[] {
  const table = routes.predictions;
  return [
    bind(table.recordOutcomes, ({ params, body }) => predictions.recordOutcomes(params.deployment, body.outcomes)),
    bind(table.judge, async ({ params }, { cause }) => {
      await predictions.judge(params.deployment, true, cause);
      const [deployment, { version }] = await Promise.all([deployments.get(params.deployment), deployments.snapshot()]);
      return { deployment, snapshotVersion: version };
    }),
    bind(table.list, async ({ params, query }) => {
      await deployments.pricing(params.deployment);
      const { cursor, ...filter } = query;
      const before = cursor === undefined ? undefined : cursorSeq(cursor);
      const { items, nextBefore } = await predictions.list({ ...params, ...filter, before });
      return { items, ...(nextBefore !== undefined && { nextCursor: String(nextBefore) }) };
    }),
    bind(table.performance, async ({ params, query }) => {
      await deployments.pricing(params.deployment);
      const window = { ...params, from: query.from ?? EVER.from, to: query.to ?? EVER.to };
      const [rows, pendingOutcomes] = await Promise.all([
        predictions.performance(window),
        predictions.pendingOutcomes(params.deployment),
      ]);
      return { rows, pendingOutcomes };
    }),
    bind(table.query, ({ body }, { signal }) => predictions.query(body, signal)),
    bind(routes.serving.inputs, async ({ params, query }, { signal }) => ({
      rows: await predictions.recentInputs({ ...params, ...query }, signal),
    })),
    bindRaw(routes.serving.segment, async ({ params, headers, bytes }) => {
      const id = params['segment'] ?? '';
      if (!SEGMENT_ID.test(id)) throw invalid(`'${id}' is no segment id`, { field: 'params.segment' });
      const given = headers['x-capstan-replica'];
      const replica = typeof given === 'string' && REPLICA.test(given) ? given : 'unknown';
      const result = await predictions.ingest({ id, replica, bytes });
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(result) };
    }),
  ];
}

function cursorSeq(cursor: string): number {
  const seq = Number(cursor);
  if (!Number.isSafeInteger(seq) || seq < 0)
    throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
  return seq;
}
