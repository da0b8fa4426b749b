// Composition of `capstan import` and `capstan export`: which adapter reads or writes which tracker's data.
import { createMlflowExport } from '#adapters/mlflow-export';
import { openMlflowSource } from '#adapters/mlflow-source';
import type { TrackingSink } from '#ports/tracking-sink';
import type { TrackingSource } from '#ports/tracking-source';

/**
 * The tracker behind an address. Who asks is told by MLflow's own variables of the environment.
 * @throws DomainError INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE
 */
export async function openImportSource(
  uri: string,
  options: {
    readonly artifacts: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
  },
): Promise<TrackingSource> {
  const { artifacts, env, cwd } = options;
  return await openMlflowSource(uri, {
    artifacts,
    cwd,
    credentials: {
      username: env['MLFLOW_TRACKING_USERNAME'],
      password: env['MLFLOW_TRACKING_PASSWORD'],
      token: env['MLFLOW_TRACKING_TOKEN'],
    },
  });
}

/** A Capstan server as others see it: it speaks MLflow's protocol, so an export needs no second way to read it. */
export async function openServerForExport(url: string): Promise<TrackingSource> {
  return await openMlflowSource(url, { artifacts: [], cwd: '/', credentials: {} });
}

/** @throws DomainError CONFLICT when something is in the folder */
export function openExport(folder: string): TrackingSink {
  return createMlflowExport(folder);
}
