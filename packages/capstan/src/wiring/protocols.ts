import type { BoundRoute, ErrorRenderer } from '#http';
import { mlflowErrors, mlflowRoutesOf, unknownMlflowCall } from '#protocols/mlflow';
import { otelErrors, otelRoutes } from '#protocols/otel';
import type { WiredModel } from './model.ts';
import type { WiredWebhooks } from './webhooks.ts';

export interface WiredProtocols {
  readonly bound: BoundRoute[];
  /** Each protocol's own shape of errors, by its name in the route table. */
  readonly errorRenderers: Readonly<Record<string, ErrorRenderer>>;
  unknownRenderer(path: string): ErrorRenderer | undefined;
}

/** Foreign protocols of the control plane, over the same use cases as the native API. */
export function wireProtocols(services: WiredModel['services'] & WiredWebhooks['services']): WiredProtocols {
  return {
    bound: [...mlflowRoutesOf(services), ...otelRoutes(services.traces)],
    errorRenderers: { mlflow: mlflowErrors, otel: otelErrors },
    unknownRenderer: unknownMlflowCall,
  };
}
