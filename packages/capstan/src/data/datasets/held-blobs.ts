import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const places: readonly DigestPlace[] = [
  { table: 'dataset_versions', key: ['id'], column: 'files' },
  { table: 'dataset_versions', key: ['id'], column: 'quarantine' },
];

/** Files of dataset versions, and of rows that were put aside with what they were taken from. */
export function datasetBlobs(database: Database): BlobHolder {
  return {
    name: 'datasets',
    columns: places.map(({ table, column }) => `${table}.${column}`),
    async *digests() {
      for (const place of places) yield* digestsIn(database.read, place);
    },
  };
}
