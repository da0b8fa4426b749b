// MLflow's REST API as its Python, Java and R clients call it: paths and methods only. Bodies are MLflow's protobuf
// messages in JSON; protocols/mlflow reads and writes them. Every call also lives under /ajax-api.
import { defineRawRoute, type RawRoute } from '../../route.ts';
import { artifactCalls } from './artifacts.ts';
import type { MlflowCall } from './call.ts';
import { evaluationCalls } from './evaluations.ts';
import { loggedModelCalls } from './logged-models.ts';
import { registryCalls } from './registry.ts';
import { serverCalls } from './server.ts';
import { traceCalls } from './traces.ts';
import { trackingCalls } from './tracking.ts';
import { webhookCalls } from './webhooks.ts';

/** Every call that Capstan answers. */
export const mlflowCalls = {
  ...serverCalls,
  ...trackingCalls,
  ...artifactCalls,
  ...loggedModelCalls,
  ...registryCalls,
  ...traceCalls,
  ...evaluationCalls,
  ...webhookCalls,
} as const satisfies Record<string, MlflowCall>;

export type MlflowCallName = keyof typeof mlflowCalls;

/** The routes of each call, by the call's name. */
export const mlflowRoutes = Object.fromEntries(
  Object.entries<MlflowCall>(mlflowCalls).map(([name, call]) => [name, routesOf(name, call)]),
) as unknown as { readonly [Name in MlflowCallName]: readonly RawRoute[] };

function routesOf(name: string, { at, path, ...rest }: MlflowCall): RawRoute[] {
  const route = (suffix: string, fullPath: string) =>
    defineRawRoute({ name: `mlflow.${name}${suffix}`, path: fullPath, protocol: 'mlflow', ...rest });
  if (at === 'root') return [route('', path)];
  const ajax = route('Ajax', `/ajax-api${path}`);
  return at === 'ajax' ? [ajax] : [route('', `/api${path}`), ajax];
}

/** As the route table wants them: one entry each. */
export const mlflow: Readonly<Record<string, RawRoute>> = Object.fromEntries(
  Object.values(mlflowRoutes)
    .flat()
    .map((route) => [route.name.slice('mlflow.'.length), route]),
);
