import type { BoundRoute, ErrorRenderer } from '#http';
import { mlflowErrors, mlflowRoutesOf, unknownMlflowCall } from '#protocols/mlflow';
import { createSignedLinks } from '#model/experiments';
import { otelErrors, otelRoutes } from '#protocols/otel';
import type { Foundation } from './foundation.ts';
import type { WiredModel } from './model.ts';
import type { WiredWebhooks } from './webhooks.ts';

export interface WiredProtocols {
  readonly bound: BoundRoute[];
  /** Each protocol's own shape of errors, by its name in the route table. */
  readonly errorRenderers: Readonly<Record<string, ErrorRenderer>>;
  unknownRenderer(path: string): ErrorRenderer | undefined;
}

/** Foreign protocols of the control plane, over the same use cases as the native API. */
export function wireProtocols(
  { config, database }: Foundation,
  services: WiredModel['services'] & WiredWebhooks['services'],
): WiredProtocols {
  const links = createSignedLinks(database);
  const { publicUrl } = config;
  return {
    bound: [...mlflowRoutesOf({ ...services, links, publicUrl }), ...otelRoutes(services.traces)],
    errorRenderers: { mlflow: mlflowErrors, otel: otelErrors },
    unknownRenderer: unknownMlflowCall,
  };
}
