import { servingRoutes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { ServingPlane } from './plane.ts';

interface PlaneFacts {
  readonly version: string;
  /** Known once it listens; null where gRPC is switched off. */
  grpcAddress(): string | null;
}

/** What a data plane answers about itself. */
export function planeRoutes(plane: ServingPlane, { version, grpcAddress }: PlaneFacts): BoundRoute[] {
  return [
    bind(servingRoutes.plane.healthz, async () => ({ status: 'ok' as const })),
    bind(servingRoutes.plane.status, async () => {
      const status = plane.status();
      return {
        ...status,
        version,
        grpcAddress: grpcAddress(),
        deployments: status.deployments.map((entry) => ({
          ...entry,
          routes: [...entry.routes],
          failures: [...entry.failures],
          models: [...entry.models],
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
