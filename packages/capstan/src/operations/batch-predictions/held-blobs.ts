import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const place: DigestPlace = { table: 'batch_predictions', key: ['id'], column: 'result_digest' };

/** Results, which can be downloaded whether or not they became dataset versions. */
export function batchPredictionBlobs(database: Database): BlobHolder {
  return {
    name: 'batch predictions',
    columns: [`${place.table}.${place.column}`],
    digests: () => digestsIn(database.read, place),
  };
}
