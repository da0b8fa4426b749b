import type { DataSchema } from './data.ts';
import type { DebtSchema } from './debt.ts';
import type { DesignSchema } from './design.ts';
import type { ExperimentsSchema } from './experiments.ts';
import type { FoundationSchema } from './foundation.ts';
import type { GatesSchema } from './gates.ts';
import type { MonitorsSchema } from './monitors.ts';
import type { OperationsSchema } from './operations.ts';
import type { PipelinesSchema } from './pipelines.ts';
import type { RegistrySchema } from './registry.ts';
import type { RetrainingSchema } from './retraining.ts';
import type { TracesSchema } from './traces.ts';

/** Every table, by wing. Column names are snake_case; times are milliseconds; JSON is text. */
export interface Schema
  extends
    FoundationSchema,
    DesignSchema,
    DataSchema,
    ExperimentsSchema,
    RegistrySchema,
    PipelinesSchema,
    GatesSchema,
    MonitorsSchema,
    RetrainingSchema,
    DebtSchema,
    OperationsSchema,
    TracesSchema {}
