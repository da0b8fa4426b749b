import type { Database, Reader, Writer } from '#database';

export type MarkKind = 'run' | 'logged-model' | 'registered-model' | 'trace' | 'evaluation-dataset' | 'scorer';

export interface Mark {
  readonly id: string;
  readonly mark: string;
}

/** How many values one `in (…)` holds. */
const CHUNK = 1_000;

/** Ids of experiments here, by the id they have at the source. */
export async function knownExperiments(reader: Reader, source: string): Promise<Map<string, string>> {
  const rows = await reader
    .selectFrom('import_experiments')
    .innerJoin('experiments', 'experiments.id', 'import_experiments.experiment_id')
    .select(['import_experiments.source_id', 'import_experiments.experiment_id'])
    .where('import_experiments.source', '=', source)
    .execute();
  return new Map(rows.map((row) => [row.source_id, String(row.experiment_id)]));
}

export async function rememberExperiments(
  database: Database,
  writer: Writer,
  source: string,
  placements: readonly { readonly sourceId: string; readonly id: string }[],
): Promise<void> {
  const columns = [
    { name: 'source', type: 'text' },
    { name: 'source_id', type: 'text' },
    { name: 'experiment_id', type: 'integer' },
  ] as const;
  const rows = placements.map(({ sourceId, id }) => [source, sourceId, Number(id)] as const);
  await database.dialect.insertMany(writer, 'import_experiments', columns, rows);
}

/** Marks of those of the objects that have one. */
export async function marksOf(
  reader: Reader,
  source: string,
  kind: MarkKind,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const rows = await reader
      .selectFrom('import_marks')
      .select(['id', 'mark'])
      .where('source', '=', source)
      .where('kind', '=', kind)
      .where('id', 'in', ids.slice(start, start + CHUNK))
      .execute();
    for (const { id, mark } of rows) found.set(id, mark);
  }
  return found;
}

export async function putMarks(
  database: Database,
  writer: Writer,
  source: string,
  kind: MarkKind,
  marks: readonly Mark[],
): Promise<void> {
  for (const { id, mark } of marks) {
    await writer
      .insertInto('import_marks')
      .values({ source, kind, id, mark })
      .onConflict((conflict) => conflict.columns(['source', 'kind', 'id']).doUpdateSet({ mark }))
      .execute();
  }
}
