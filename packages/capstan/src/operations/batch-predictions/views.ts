import type { BatchPrediction } from '@capstan/api';
import type { Resources } from '#ports/executor';
import { etaMs, type Recipe } from './model.ts';
import type { BatchRow } from './store.ts';

export function recipeOf(row: Pick<BatchRow, 'recipe'>): Recipe {
  return JSON.parse(row.recipe) as Recipe;
}

/** What was asked of its machine. */
export function resourcesOf(row: Pick<BatchRow, 'resources'>): Resources {
  return JSON.parse(row.resources ?? '{}') as Resources;
}

/** A row as callers see it. */
export function batchView(row: BatchRow, resultRetentionMs: number | null): BatchPrediction {
  const { sql, columns, keep, onError } = recipeOf(row);
  const rows = { total: row.rows_total, done: row.rows_done, failed: row.rows_failed };
  return {
    id: row.id,
    state: row.state,
    reason: row.reason,
    failedAt: row.failed_row === null ? null : { row: row.failed_row, column: row.failed_column },
    project: row.project,
    input: { versionId: row.input_version, dataset: row.input_dataset, number: row.input_number },
    deployment: row.deployment,
    revision: row.revision,
    model: row.model,
    version: row.model_version,
    sql,
    columns: Object.fromEntries(Object.entries(columns).map(([input, names]) => [input, [...names]])),
    keep: typeof keep === 'string' ? keep : [...keep],
    onError,
    to: row.to_dataset,
    rows,
    rowsPerSecond: row.rows_per_second,
    etaMs: etaMs(row.state, rows, row.rows_per_second),
    output:
      row.output_version === null || row.output_number === null || row.to_dataset === null
        ? null
        : { versionId: row.output_version, dataset: row.to_dataset, number: row.output_number },
    result:
      row.result_digest === null
        ? null
        : {
            digest: row.result_digest,
            sizeBytes: row.result_bytes ?? 0,
            format: row.format,
            keptUntil: keptUntil(row, resultRetentionMs),
          },
    executor: row.executor,
    machine: row.machine,
    resources: resourcesOf(row),
    actor: row.actor,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

function keptUntil({ output_version: output, ended_at: ended }: BatchRow, retentionMs: number | null): number | null {
  return output !== null || ended === null || retentionMs === null ? null : ended + retentionMs;
}
