import type { Reader } from '#database';
import type { InputsSource } from './spec.ts';
import * as store from './store.ts';

export async function servedBy(reader: Reader, row: store.RevisionRow): Promise<InputsSource> {
  const files = row.package_digest === null ? [] : await store.packageFiles(reader, row.package_digest);
  return { flavor: row.flavor, digest: row.model_digest as `sha256:${string}`, files };
}
