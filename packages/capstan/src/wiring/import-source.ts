import { openMlflowSource } from '#adapters/mlflow-source';
import type { TrackingSource } from '#ports/tracking-source';

/**
 * The tracker behind an address, for `capstan import`. Who asks is told by MLflow's own variables of the environment.
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
