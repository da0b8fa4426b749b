import { digestsIn, type Database, type DigestPlace } from '#database';
import type { BlobHolder } from '#ports/blob-holder';

const places: readonly DigestPlace[] = [
  { table: 'revisions', key: ['deployment', 'number'], column: 'model_digest' },
  { table: 'model_packages', key: ['package_digest', 'path'], column: 'digest' },
];

/** Model files that revisions serve, or may be rolled back to. */
export function deploymentBlobs(database: Database): BlobHolder {
  return {
    name: 'deployments',
    columns: places.map(({ table, column }) => `${table}.${column}`),
    async *digests() {
      for (const place of places) yield* digestsIn(database.read, place);
    },
  };
}
