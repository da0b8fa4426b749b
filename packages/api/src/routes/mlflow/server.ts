import { read, type MlflowCall } from './call.ts';

export const serverCalls = {
  health: read('/health', 'MLflow: the server is up', { permission: 'public', at: 'root' }),
  version: read('/version', 'MLflow: the release whose API this is', { permission: 'public', at: 'root' }),
  serverInfo: read('/3.0/mlflow/server-info', 'MLflow: what the server offers', { permission: 'public' }),
} as const satisfies Record<string, MlflowCall>;
