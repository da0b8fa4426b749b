import type { Int64 } from '#kernel/int64';
import type { RunPoints, SourceDataset, SourceRun, SourceSeries } from '#ports/tracking-source';
import { lifecycleOf, runStatusOf } from './places.ts';
import { addPoint, chunksOf, int64, placesFor, push, textOf, textOrNull, textsBy, type Tables } from './rows.ts';
import type { Row, SqlReader } from './sql-reader.ts';

/** Points read at a time, of several runs together. */
const POINTS_AT_ONCE = 20_000;
/** How many values one `in (…)` holds. */
const CHUNK = 500;

/** Runs with all but their points, for rows of `runs`. */
export async function loadRuns(reader: SqlReader, tables: Tables, rows: readonly Row[]): Promise<SourceRun[]> {
  const ids = rows.map((row) => String(row['run_uuid']));
  const places = placesFor(ids);
  const texts = async (table: string) =>
    textsBy(await reader.rows(`select run_uuid as owner, key, value from ${table} where run_uuid in (${places})`, ids));
  const params = await texts('params');
  const tags = await texts('tags');
  const counts = new Map(
    (
      await reader.rows(
        `select run_uuid, count(*) as count from metrics where run_uuid in (${places}) group by run_uuid`,
        ids,
      )
    ).map((row) => [String(row['run_uuid']), Number(row['count'])]),
  );
  const datasets = await datasetsOf(reader, tables, ids);
  const models = await modelsOf(reader, tables, ids);
  return rows.map((row) => {
    const id = String(row['run_uuid']);
    return {
      id,
      experimentId: String(row['experiment_id']),
      name: textOf(row['name']),
      user: textOf(row['user_id']),
      status: runStatusOf(textOrNull(row['status'])),
      startTime: Number(row['start_time'] ?? 0),
      endTime: row['end_time'] == null ? null : Number(row['end_time']),
      lifecycle: lifecycleOf(textOrNull(row['lifecycle_stage'])),
      params: params.get(id) ?? {},
      tags: tags.get(id) ?? {},
      datasets: datasets.get(id) ?? [],
      modelInputs: models.inputs.get(id) ?? [],
      modelOutputs: models.outputs.get(id) ?? [],
      pointsMark: String(counts.get(id) ?? 0),
      artifactUri: textOf(row['artifact_uri']),
    };
  });
}

async function datasetsOf(
  reader: SqlReader,
  tables: Tables,
  ids: readonly string[],
): Promise<Map<string, SourceDataset[]>> {
  const found = new Map<string, SourceDataset[]>();
  if (!tables.has('datasets') || !tables.has('inputs')) return found;
  const rows = await reader.rows(
    `select i.input_uuid, i.destination_id, d.* from inputs i join datasets d on d.dataset_uuid = i.source_id
      where i.source_type = 'DATASET' and i.destination_type = 'RUN' and i.destination_id in (${placesFor(ids)})
      order by i.destination_id, d.name, d.digest`,
    ids,
  );
  if (rows.length === 0) return found;
  const tags = new Map<string, Record<string, string>>();
  for (const chunk of chunksOf(
    rows.map((row) => String(row['input_uuid'])),
    CHUNK,
  )) {
    const part = await reader.rows(
      `select input_uuid as owner, name as key, value from input_tags where input_uuid in (${placesFor(chunk)})`,
      chunk,
    );
    for (const [owner, texts] of textsBy(part)) tags.set(owner, texts);
  }
  for (const row of rows) {
    push(found, String(row['destination_id']), {
      name: textOf(row['name']),
      digest: textOf(row['digest']),
      sourceType: textOf(row['dataset_source_type']),
      source: textOf(row['dataset_source']),
      schema: textOrNull(row['dataset_schema']),
      profile: textOrNull(row['dataset_profile']),
      tags: tags.get(String(row['input_uuid'])) ?? {},
    });
  }
  return found;
}

async function modelsOf(reader: SqlReader, tables: Tables, ids: readonly string[]) {
  const inputs = new Map<string, string[]>();
  const outputs = new Map<string, { modelId: string; step: Int64 }[]>();
  if (!tables.has('inputs', 'step')) return { inputs, outputs };
  const rows = await reader.rows(
    `select source_type, source_id, destination_id, step from inputs
      where source_type in ('RUN_INPUT', 'RUN_OUTPUT') and source_id in (${placesFor(ids)})
      order by source_id, step, destination_id`,
    ids,
  );
  for (const row of rows) {
    const run = String(row['source_id']);
    const modelId = String(row['destination_id']);
    if (row['source_type'] === 'RUN_INPUT') push(inputs, run, modelId);
    else push(outputs, run, { modelId, step: int64(row['step']) });
  }
  return { inputs, outputs };
}

/** Points of runs: short histories together, a long one in pieces. */
export async function* pointsOf(reader: SqlReader, runs: readonly SourceRun[]): AsyncIterable<RunPoints> {
  let group: string[] = [];
  let size = 0;
  const flush = async function* (): AsyncIterable<RunPoints> {
    if (group.length === 0) return;
    const rows = await reader.rows(
      `select run_uuid, key, value, timestamp, step, is_nan from metrics where run_uuid in (${placesFor(group)})`,
      group,
    );
    group = [];
    size = 0;
    yield* byRun(rows);
  };
  for (const run of runs) {
    const count = Number(run.pointsMark);
    if (count === 0) continue;
    if (count > POINTS_AT_ONCE) {
      for await (const rows of reader.longHistory(run.id)) yield* byRun(rows);
      continue;
    }
    if (size + count > POINTS_AT_ONCE) yield* flush();
    group.push(run.id);
    size += count;
  }
  yield* flush();
}

function* byRun(rows: readonly Row[]): Iterable<RunPoints> {
  const runs = new Map<string, Map<string, SourceSeries>>();
  for (const row of rows) {
    const runId = String(row['run_uuid']);
    let metrics = runs.get(runId);
    if (!metrics) runs.set(runId, (metrics = new Map()));
    addPoint(metrics, String(row['key']), int64(row['step']), int64(row['timestamp']), valueOf(row));
  }
  for (const [runId, metrics] of runs) yield { runId, metrics: [...metrics.values()] };
}

/** MLflow keeps NaN as a flag beside 0, and infinities as the greatest numbers. */
function valueOf(row: Row): number {
  const isNan = row['is_nan'];
  return isNan === true || isNan === 1 || isNan === 1n ? Number.NaN : Number(row['value']);
}
