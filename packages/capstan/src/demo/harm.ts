import { sync } from './passengers.ts';
import { settle } from './settle.ts';
import { DEPLOYMENT, type Stage } from './stage.ts';

/** Serving code that sends hours where the model has learnt minutes: every flight seems to leave just after midnight. */
const BROKEN = { scheduled_departure_min: { multiply: 1 / 60, add: 0 } } as const;

/**
 * Offers the champion with a feature scaled wrongly in serving, once, as soon as no other rollout is under way: by the
 * declared plan, or with the guards off straight to all traffic.
 */
export async function offerBroken(stage: Stage, say: (line: string) => void): Promise<void> {
  const { client, server, isUnguarded } = stage;
  const params = { deployment: DEPLOYMENT };
  const { champion, rollout } = await client.deployments.get({ params });
  if (!champion || rollout) return;
  const { items } = await client.deployments.rollouts({ params });
  if (items.some((each) => each.cycle === undefined)) return;
  const allowed = items.find((each) => each.revision === champion.number);
  await client.deployments.start({
    params,
    body: {
      version: champion.version,
      inputAdapters: BROKEN,
      guards: !isUnguarded,
      ...(allowed?.verdictId !== undefined && { verdictId: allowed.verdictId }),
    },
  });
  await sync(server.servingUrl);
  await settle(client);
  say(`a broken candidate is offered ${isUnguarded ? 'with the guards off' : 'by the declared plan'}`);
}
