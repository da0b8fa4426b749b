import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const places: readonly DigestPlace[] = [
  { table: 'segments', key: ['id'], column: 'raw_digest' },
  { table: 'prediction_features', key: ['segment', 'deployment'], column: 'digest' },
  { table: 'prediction_log_files', key: ['deployment', 'name'], column: 'digest' },
  { table: 'feedback_parts', key: ['deployment', 'dataset', 'starts_at'], column: 'digest' },
];

/** Segments not yet read, the inputs of answers, and labelled spans. */
export function predictionBlobs(database: Database): BlobHolder {
  return {
    name: 'predictions',
    columns: places.map(({ table, column }) => `${table}.${column}`),
    async *digests() {
      for (const place of places) yield* digestsIn(database.read, place);
    },
  };
}
