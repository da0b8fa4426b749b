import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const places: readonly DigestPlace[] = [{ table: 'training_sets', key: ['id'], column: 'digest' }];

/** Files of training sets. */
export function featureBlobs(database: Database): BlobHolder {
  return {
    name: 'features',
    columns: places.map(({ table, column }) => `${table}.${column}`),
    async *digests() {
      for (const place of places) yield* digestsIn(database.read, place);
    },
  };
}
