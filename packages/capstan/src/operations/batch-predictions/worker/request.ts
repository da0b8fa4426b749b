import { inputAdapter, servedFlavor } from '@capstan/api';
import { z } from 'zod';
import type { DataFormat } from '#ports/analytics';

/** Files of a job's folder, which its process and the server both know. */
export const workFiles = {
  request: 'request.json',
  /** The ONNX file, or a folder as MLflow writes it. */
  model: 'model',
  /** Files of the dataset version. */
  data: 'data',
  /** What runs where this machine's program is not. */
  program: 'program',
  parts: 'parts',
  /** Of the mapped rows. */
  rows: 'rows.parquet',
} as const;

export function resultFile(format: DataFormat): string {
  return `result.${format}`;
}

/**
 * All that a process needs to answer the rows of a dataset version: no database, no server. Paths are relative to the job's
 * folder, which may be carried elsewhere. The same request over the same files gives the same bytes.
 */
export const workRequest = z.strictObject({
  model: z.strictObject({
    flavor: servedFlavor,
    /** The ONNX file, or MLflow's folder: for other flavors, and where weights are in files beside it. */
    path: z.string(),
    inputAdapters: z.record(z.string(), inputAdapter),
    /** Of the log odds; see `shiftOutputs`. */
    shift: z.number(),
  }),
  files: z.array(z.strictObject({ path: z.string(), format: z.enum(['parquet', 'csv', 'ndjson']), label: z.string() })),
  /** One select over the table `input`; null: the files as they are. */
  sql: z.string().nullable(),
  columns: z.record(z.string(), z.array(z.string())),
  /** Columns that stand beside the answers; null: all. */
  keep: z.array(z.string()).nullable(),
  onError: z.enum(['fail', 'null']),
  stamp: z.strictObject({
    /** Before the number of the row, in `prediction_id`. */
    idPrefix: z.string(),
    model: z.string(),
    version: z.int(),
    revision: z.int().nullable(),
  }),
  format: z.enum(['parquet', 'csv', 'ndjson']),
});
export type WorkRequest = z.output<typeof workRequest>;
