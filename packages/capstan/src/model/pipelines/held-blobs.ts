import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const places: readonly DigestPlace[] = [
  { table: 'stage_attempts', key: ['id'], column: 'log_digest' },
  { table: 'stage_results', key: ['id'], column: 'outputs' },
];

/** Logs of attempts, and the outputs that stand in for later runs. */
export function pipelineBlobs(database: Database): BlobHolder {
  return {
    name: 'pipelines',
    columns: places.map(({ table, column }) => `${table}.${column}`),
    async *digests() {
      for (const place of places) yield* digestsIn(database.read, place);
    },
  };
}
