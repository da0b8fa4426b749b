import { findPostgresBinaries } from '../../tests/setup/find-postgres.ts';
import { installDebianPackages } from './ensure-system.ts';

/** Makes sure that tests find a PostgreSQL: one named by TEST_POSTGRES_URL, or binaries to start one from. */
export async function ensurePostgres(): Promise<void> {
  if (process.env['TEST_POSTGRES_URL'] !== undefined || findPostgresBinaries() !== null) return;
  await installDebianPackages(
    ['postgresql'],
    'Install PostgreSQL so that initdb is on PATH, or set TEST_POSTGRES_URL to a database whose user may create others.',
  );
}
