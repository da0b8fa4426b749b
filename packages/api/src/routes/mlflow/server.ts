import { ask, core, read, type MlflowCall } from './call.ts';

export const serverCalls = {
  health: read('/health', 'MLflow: the server is up', { permission: 'public', at: 'root' }),
  version: read('/version', 'MLflow: the release whose API this is', { permission: 'public', at: 'root' }),
  serverInfo: read('/3.0/mlflow/server-info', 'MLflow: what the server offers', { permission: 'public' }),
  gatewayProxy: read(`${core}/gateway-proxy`, 'MLflow: what a gateway behind the server says', { at: 'ajax' }),
  askGatewayProxy: ask(`${core}/gateway-proxy`, 'MLflow: a question to a gateway behind the server', { at: 'ajax' }),
  getCurrentUser: read(`${core}/users/current`, 'MLflow: who calls'),
  listCurrentUserPermissions: read('/3.0/mlflow/users/current/permissions', 'MLflow: what the caller was granted'),
  getUserPermission: read('/3.0/mlflow/users/permissions/get', 'MLflow: what a user may do with a thing'),
} as const satisfies Record<string, MlflowCall>;
