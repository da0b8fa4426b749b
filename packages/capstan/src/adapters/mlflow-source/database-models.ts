import type { SourceLoggedModel, SourceModel } from '#ports/tracking-source';
import { DELETED_STAGE, filesOfSource, lifecycleOf, loggedModelOfSource, modelStatusOf, stageOf } from './places.ts';
import { int64, placesFor, textOf, textOrNull, textsBy, type Tables } from './rows.ts';
import type { Row, SqlReader } from './sql-reader.ts';

/** Logged models, for rows of `logged_models`. */
export async function loadLoggedModels(reader: SqlReader, rows: readonly Row[]): Promise<SourceLoggedModel[]> {
  const ids = rows.map((row) => String(row['model_id']));
  const places = placesFor(ids);
  const texts = async (table: string, kind: string) =>
    textsBy(
      await reader.rows(
        `select model_id as owner, ${kind}_key as key, ${kind}_value as value from ${table} where model_id in (${places})`,
        ids,
      ),
    );
  const params = await texts('logged_model_params', 'param');
  const tags = await texts('logged_model_tags', 'tag');
  const points = await reader.rows(`select * from logged_model_metrics where model_id in (${places})`, ids);
  const metrics = new Map<string, Map<string, SourceLoggedModel['metrics'][number]>>();
  for (const row of points) {
    const [runId, datasetName, datasetDigest] = ['run_id', 'dataset_name', 'dataset_digest'].map((name) =>
      textOf(row[name]),
    );
    const key = textOf(row['metric_name']);
    const model = String(row['model_id']);
    const place = JSON.stringify([key, runId, datasetName, datasetDigest]);
    let ofModel = metrics.get(model);
    if (!ofModel) metrics.set(model, (ofModel = new Map()));
    let series = ofModel.get(place);
    if (!series) {
      series = {
        key,
        runId: runId ?? '',
        datasetName: datasetName ?? '',
        datasetDigest: datasetDigest ?? '',
        steps: [],
        timestamps: [],
        values: [],
      };
      ofModel.set(place, series);
    }
    series.steps.push(int64(row['metric_step']));
    series.timestamps.push(int64(row['metric_timestamp_ms']));
    series.values.push(row['metric_value'] == null ? Number.NaN : Number(row['metric_value']));
  }
  return rows.map((row) => {
    const id = String(row['model_id']);
    return {
      id,
      experimentId: String(row['experiment_id']),
      name: textOf(row['name']),
      modelType: textOf(row['model_type']),
      status: modelStatusOf(Number(row['status'])),
      sourceRunId: textOrNull(row['source_run_id']),
      lifecycle: lifecycleOf(textOrNull(row['lifecycle_stage'])),
      createdAt: Number(row['creation_timestamp_ms']),
      updatedAt: Number(row['last_updated_timestamp_ms']),
      params: params.get(id) ?? {},
      tags: tags.get(id) ?? {},
      metrics: [...(metrics.get(id)?.values() ?? [])],
      artifactUri: textOf(row['artifact_location']),
    };
  });
}

/** A registered model with its versions and aliases, for a row of `registered_models`. */
export async function loadModel(
  reader: SqlReader,
  tables: Tables,
  row: Row,
  own: (table: string) => string,
): Promise<SourceModel> {
  const name = String(row['name']);
  const of = async (table: string): Promise<Row[]> =>
    tables.has(table) ? await reader.rows(`select * from ${table} where ${own(table)} and name = ?`, [name]) : [];
  const versions = (await of('model_versions')).toSorted((a, b) => Number(a['version']) - Number(b['version']));
  const versionTags = textsBy((await of('model_version_tags')).map((tag) => ({ ...tag, owner: tag['version'] ?? '' })));
  const tags = textsBy((await of('registered_model_tags')).map((tag) => ({ ...tag, owner: name })));
  const createdAt = Number(row['creation_time'] ?? 0);
  return {
    name,
    description: textOrNull(row['description']),
    createdAt,
    updatedAt: Number(row['last_updated_time'] ?? createdAt),
    tags: tags.get(name) ?? {},
    lastVersion: Math.max(0, ...versions.map((version) => Number(version['version']))),
    versions: versions
      .filter((version) => version['current_stage'] !== DELETED_STAGE)
      .map((version) => toVersion(version, versionTags.get(String(version['version'])) ?? {})),
    aliases: Object.fromEntries(
      (await of('registered_model_aliases')).map((alias) => [String(alias['alias']), Number(alias['version'])]),
    ),
  };
}

function toVersion(row: Row, tags: Record<string, string>): SourceModel['versions'][number] {
  const source = textOf(row['source']);
  const runId = textOrNull(row['run_id']) || null;
  const loggedModelId = loggedModelOfSource(source);
  const stored = textOf(row['storage_location']) || source;
  const createdAt = Number(row['creation_time'] ?? 0);
  return {
    version: Number(row['version']),
    source,
    files: filesOfSource(source, { runId, loggedModelId }) ?? filesOfSource(stored, { runId, loggedModelId }),
    runId,
    loggedModelId,
    runLink: textOrNull(row['run_link']) || null,
    description: textOrNull(row['description']),
    stage: stageOf(textOrNull(row['current_stage'])),
    user: textOf(row['user_id']),
    createdAt,
    updatedAt: Number(row['last_updated_time'] ?? createdAt),
    tags,
  };
}
