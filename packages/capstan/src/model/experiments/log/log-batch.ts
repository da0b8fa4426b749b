import type { ExperimentsDeps } from '../deps.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import { checkBatch, type Batch } from './check-batch.ts';
import { coalesce } from './coalesce.ts';
import type { LoggedFacts } from './logged-facts.ts';
import { writeBatches, type Together } from './write-batches.ts';

export interface LogUseCases {
  /**
   * The one way that metrics, params and tags of a run are written: all of a batch or nothing. What is there already in
   * the same words has no effect, so a repeated call is safe. Calls that come while others are written share a
   * transaction, and a fact for each run.
   * @throws DomainError NOT_FOUND; CONFLICT when the run is deleted or a param would change its value (`details.params`);
   *   INVALID_ARGUMENT past the limits (1,000 metrics, 100 params, 100 tags, 1,000 in all) and for names
   */
  logBatch(batch: Batch): Promise<void>;
  /** Several batches, all or nothing together. */
  logBatches(batches: readonly Batch[]): Promise<void>;
}

/** Rows of a transaction, so that nobody waits long for others: some 10 ms of writing. */
const MOST_ROWS = 4_000;

export function logUseCases(
  { database, events, clock }: ExperimentsDeps,
  metricIds: MetricIds,
  facts: LoggedFacts,
): LogUseCases {
  const write = coalesce<Together>({
    mostWeight: MOST_ROWS,
    weightOf: (batches) =>
      batches.reduce((sum, { metrics, params, tags }) => sum + metrics.length + params.length + tags.length, 0),
    async write(take) {
      const written = await database.write(async (writer) => {
        await database.dialect.lockChain(writer);
        return await writeBatches({ database, events, clock, metricIds, facts }, writer, take());
      });
      written.committed();
      return written.outcomes;
    },
  });

  async function logBatches(batches: readonly Batch[]): Promise<void> {
    await write(batches.map((batch) => checkBatch(batch, metricIds.isKnown)));
  }
  return { logBatches, logBatch: (batch) => logBatches([batch]) };
}
