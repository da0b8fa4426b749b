import type { BatchPredictionsSchema } from './batch-predictions.ts';
import type { ConsumersSchema } from './consumers.ts';
import type { DataSchema } from './data.ts';
import type { DebtSchema } from './debt.ts';
import type { DesignSchema } from './design.ts';
import type { EvaluationsSchema } from './evaluations.ts';
import type { ExperimentsSchema } from './experiments.ts';
import type { FoundationSchema } from './foundation.ts';
import type { GatesSchema } from './gates.ts';
import type { ImportsSchema } from './imports.ts';
import type { MonitorsSchema } from './monitors.ts';
import type { OperationsSchema } from './operations.ts';
import type { PipelinesSchema } from './pipelines.ts';
import type { RegistrySchema } from './registry.ts';
import type { RetrainingSchema } from './retraining.ts';
import type { SweepsSchema } from './sweeps.ts';
import type { TracesSchema } from './traces.ts';
import type { WebhooksSchema } from './webhooks.ts';

/** Every table, by wing. Column names are snake_case; times are milliseconds; JSON is text. */
export interface Schema
  extends
    FoundationSchema,
    DesignSchema,
    DataSchema,
    EvaluationsSchema,
    ExperimentsSchema,
    RegistrySchema,
    PipelinesSchema,
    SweepsSchema,
    GatesSchema,
    ImportsSchema,
    MonitorsSchema,
    RetrainingSchema,
    DebtSchema,
    OperationsSchema,
    ConsumersSchema,
    BatchPredictionsSchema,
    TracesSchema,
    WebhooksSchema {}
