import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const place: DigestPlace = { table: 'artifacts', key: ['root', 'path'], column: 'digest' };

/** Files of runs and logged models; those of model versions and prompts are among them. */
export function artifactBlobs(database: Database): BlobHolder {
  return {
    name: 'experiments',
    columns: [`${place.table}.${place.column}`],
    digests: (exceptRoots) => digestsIn(database.read, place, (row) => exceptRoots?.has(String(row['root'])) ?? false),
  };
}
