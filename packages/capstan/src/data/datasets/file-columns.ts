import type { DatasetColumn, DatasetFile } from '@capstan/api';
import type { DataFormat } from '#ports/analytics';
import type { Digest } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import { localData } from './local-files.ts';
import { formatOf } from './model.ts';
import * as store from './store.ts';

/** What the bytes of a file hold, looked into once. @throws DomainError INVALID_ARGUMENT for a file that cannot be read */
export async function factsOf(
  deps: DatasetsDeps,
  label: string,
  { digest, sizeBytes }: { readonly digest: string; readonly sizeBytes: number },
  format: DataFormat,
): Promise<store.FileFacts> {
  const [known] = await store.fileFacts(deps.database.read, [digest], format);
  if (known) return known;
  const path = await deps.blobs.localFile(digest as Digest);
  const { rows, columns } = await deps.analytics.inspect({ path, format, label });
  const facts = { digest, format, sizeBytes, rows, columns };
  await deps.database.write((writer) => store.rememberFile(writer, facts));
  return facts;
}

/** Where all files have the same columns, these: the engine is asked where they must be matched. */
export async function columnsOfFiles(
  deps: DatasetsDeps,
  dataset: string,
  files: readonly DatasetFile[],
): Promise<readonly DatasetColumn[]> {
  const digests = files.map(({ digest }) => digest);
  const local = await localData(deps.blobs, dataset, files);
  const facts = await store.fileFacts(deps.database.read, digests, formatOf(files));
  const [first] = facts;
  const isAlike = facts.every(({ columns }) => JSON.stringify(columns) === JSON.stringify(first?.columns));
  const isKnown = facts.length === new Set(digests).size;
  return first && isKnown && isAlike ? first.columns : await deps.analytics.columnsOf(local);
}
