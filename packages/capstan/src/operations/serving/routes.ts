import { servingRoutes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { ServingPlane } from './plane.ts';

/** What a data plane answers about itself. */
export function planeRoutes(plane: ServingPlane, version: string): BoundRoute[] {
  return [
    bind(servingRoutes.plane.healthz, async () => ({ status: 'ok' as const })),
    bind(servingRoutes.plane.status, async () => {
      const status = plane.status();
      return {
        ...status,
        version,
        deployments: status.deployments.map((entry) => ({
          ...entry,
          routes: [...entry.routes],
          failures: [...entry.failures],
        })),
      };
    }),
    bind(servingRoutes.plane.sync, async () => {
      const { version: snapshotVersion, now } = await plane.sync();
      return { snapshotVersion, now };
    }),
    bind(servingRoutes.plane.flush, async () => ({ shipped: await plane.flush() })),
  ];
}
