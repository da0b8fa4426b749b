import { modelDigest, routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import { invalid } from '#kernel/errors';
import type { Deployments } from './service.ts';

export function deploymentRoutes(deployments: Deployments): BoundRoute[] {
  const table = routes.deployments;
  return [
    bind(table.list, async ({ query }) => ({ items: await deployments.list(query.project) })),
    bind(table.get, ({ params }) => deployments.get(params.deployment)),
    bind(table.revisions, async ({ params }) => ({ items: await deployments.revisions(params.deployment) })),
    bind(table.request, ({ params }) => deployments.request(params.deployment)),
    bind(table.rollouts, async ({ params }) => ({ items: await deployments.rollouts(params.deployment) })),
    bind(table.recalibrations, ({ params, query }) => deployments.recalibrations(params.deployment, query)),
    bind(table.start, ({ params, body }, { cause }) => deployments.start({ ...params, ...body }, cause)),
    bind(table.rollout, async ({ params }) => ({
      ...(await deployments.rollout(params.rollout)),
      judgements: await deployments.judgements(params.rollout),
    })),
    bind(table.hold, ({ params, body }, { cause }) => deployments.hold(params.rollout, body.reason, cause)),
    bind(table.resume, ({ params, body }, { cause }) => deployments.resume(params.rollout, body.reason, cause)),
    bind(table.share, ({ params, body }, { cause }) => deployments.share(params.rollout, body, cause)),
    bind(table.rollBack, ({ params, body }, { cause }) => deployments.rollBack(params.deployment, body, cause)),
    bind(table.openBreaker, async ({ params, body }, { cause }) => {
      await deployments.openBreaker(params.deployment, body.reason, cause);
      return await deployments.get(params.deployment);
    }),
    bind(table.closeBreaker, async ({ params, body }, { cause }) => {
      await deployments.closeBreaker(params.deployment, body.reason, cause);
      return await deployments.get(params.deployment);
    }),
  ];
}

/** What replicas of the data plane call, but for segments, which are the predictions' business. */
export function servingControlRoutes(deployments: Deployments, now: () => number): BoundRoute[] {
  return [
    bind(routes.serving.snapshot, ({ query }, { signal }) =>
      deployments.nextSnapshot({ version: query.after, at: query.at, replica: query.replica }, query.waitMs, signal),
    ),
    bind(routes.serving.report, async ({ params, body }, { cause }) => {
      const withheld = await deployments.report(params.replica, body, { ...cause, actor: `replica:${params.replica}` });
      return { now: now(), replicas: await deployments.countReplicas(), ...(withheld && { withheld }) };
    }),
    bind(routes.serving.leave, async ({ params }, { cause }) => {
      await deployments.replicaLeft(params.replica, { ...cause, actor: `replica:${params.replica}` });
      return { now: now() };
    }),
    bind(routes.serving.package, ({ params }) => deployments.modelPackage(params.digest)),
    bindRaw(routes.serving.blob, async ({ params }) => {
      const digest = modelDigest.safeParse(params['digest']);
      if (!digest.success)
        throw invalid('The digest is none', { field: 'params.digest', hint: 'sha256: and 64 hex digits' });
      const body = await deployments.modelFile(digest.data);
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body };
    }),
  ];
}
