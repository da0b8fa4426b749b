import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quoteName, type Analytics, type DataFile } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { SpanLabel } from './feedback-parts.store.ts';
import type { ColumnNames, PartColumn, WrittenPart } from './feedback-parts.ts';
import type { FeatureFile } from './queries.store.ts';

interface WriteDeps {
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
}

interface PartContent {
  readonly files: readonly FeatureFile[];
  readonly labels: readonly SpanLabel[];
  readonly names: ColumnNames;
  /** Every part has the same ones, whatever the models of its time took. */
  readonly columns: readonly PartColumn[];
}

/** Writes the features of labelled examples with their labels, by event time, to the blob store. */
export async function writePart(
  { blobs, analytics }: WriteDeps,
  content: PartContent,
): Promise<Pick<WrittenPart, 'file' | 'rows'>> {
  if (content.labels.length === 0) return { file: null, rows: 0 };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-feedback-'));
  try {
    const labels = join(folder, 'labels.ndjson');
    // The mark before an id keeps the reader from taking one that looks like a date for a date.
    const lines = content.labels.map(({ exampleId, eventTime, label }) =>
      JSON.stringify({ example: `=${exampleId}`, moment: eventTime, label }),
    );
    await writeFile(labels, `${lines.join('\n')}\n`);
    const tables = {
      features: await localFeatures(blobs, content.files),
      labels: [{ path: labels, format: 'ndjson' as const, label: 'labels' }],
    };
    const target = join(folder, 'part.parquet');
    const rows = await analytics.write({ tables, sql: partSql(content) }, { path: target, format: 'parquet' });
    if (rows === 0) return { file: null, rows };
    const { digest, sizeBytes } = await blobs.put(createReadStream(target));
    return { file: { digest, sizeBytes }, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files of features as the analytics engine takes them. */
export async function localFeatures(blobs: BlobStore, files: readonly FeatureFile[]): Promise<DataFile[]> {
  return await Promise.all(
    files.map(async ({ digest, segment }) => ({
      path: await blobs.localFile(digest),
      format: 'parquet' as const,
      label: `features of segment ${segment}`,
    })),
  );
}

/** A request sent again has its features twice: the first stands. */
function partSql({ names, columns }: PartContent): string {
  const [id, time] = [quoteName(names.id), quoteName(names.time)];
  const cells = columns.map(({ name }) => `f.${quoteName(name)}`);
  const shape = columns.map(({ name, storageType }) => `cast(null as ${storageType}) as ${quoteName(name)}`).join(', ');
  return `
    with f as (select * from features union all by name select ${shape} where false)
    select ${cells.join(', ')}, cast(l.label as integer) as ${quoteName(names.label)}
      from f join labels l on substr(l.example, 2) = f.${id} and l.moment = epoch_ms(f.${time})
   qualify row_number() over (partition by f.${id} order by f.predicted_at, ${cells.join(', ')}) = 1
     order by f.${time}, f.${id}`;
}
