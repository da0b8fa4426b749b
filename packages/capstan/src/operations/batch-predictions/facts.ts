import type { EventPayload } from '@capstan/api';
import type { EndedBatch } from './model.ts';
import type { BatchRow } from './store.ts';

/** The fact of its end. */
export function endedFact(row: BatchRow & { readonly state: EndedBatch }) {
  const payload: EventPayload<'batch-prediction.ended'> = {
    batchPrediction: row.id,
    model: row.model,
    version: row.model_version,
    outcome: row.state,
    rows: row.rows_done,
    failedRows: row.rows_failed,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.output_version !== null && { output: row.output_version }),
    ...(row.result_digest !== null && { digest: row.result_digest }),
  };
  return {
    type: 'batch-prediction.ended' as const,
    project: row.project,
    subject: `batch-prediction:${row.id}`,
    payload,
  };
}
