// Logged and registered models as MLflow's REST API tells them.
import type { SourceLoggedModel, SourceModel } from '#ports/tracking-source';
import { filesOfSource, loggedModelOfSource, modelStatusOf, stageOf } from './places.ts';
import { int64Of, list, number, object, text, textOrNull, texts, type Json, type RestClient } from './rest-client.ts';

const API = '/api/2.0/mlflow';

export async function* loggedModelPages(
  rest: RestClient,
  experimentId: string,
  pages: (ask: (token: string | undefined) => Promise<Json>, field: string) => AsyncIterable<Json[]>,
): AsyncIterable<SourceLoggedModel[]> {
  const search = (token: string | undefined) =>
    rest.post(`${API}/logged-models/search`, {
      experiment_ids: [experimentId],
      max_results: 50,
      ...(token !== undefined && { page_token: token }),
    });
  for await (const page of pages(search, 'models')) yield page.map(toLoggedModel);
}

function toLoggedModel(item: Json): SourceLoggedModel {
  const info = object(item['info']);
  const data = object(item['data']);
  const series = new Map<string, SourceLoggedModel['metrics'][number]>();
  for (const metric of list(data['metrics'])) {
    const [key, runId, datasetName, datasetDigest] = ['key', 'run_id', 'dataset_name', 'dataset_digest'].map((name) =>
      text(metric[name]),
    );
    const place = JSON.stringify([key, runId, datasetName, datasetDigest]);
    let one = series.get(place);
    if (!one) {
      one = {
        key: key ?? '',
        runId: runId ?? '',
        datasetName: datasetName ?? '',
        datasetDigest: datasetDigest ?? '',
        steps: [],
        timestamps: [],
        values: [],
      };
      series.set(place, one);
    }
    one.steps.push(int64Of(metric['step']));
    one.timestamps.push(int64Of(metric['timestamp']));
    one.values.push(Number(metric['value']));
  }
  return {
    id: text(info['model_id']),
    experimentId: text(info['experiment_id']),
    name: text(info['name']),
    modelType: text(info['model_type']),
    status: modelStatusOf(text(info['status'])),
    sourceRunId: textOrNull(info['source_run_id']),
    lifecycle: 'active',
    createdAt: number(info['creation_timestamp_ms']),
    updatedAt: number(info['last_updated_timestamp_ms']),
    params: texts(data['params']),
    tags: texts(info['tags']),
    metrics: [...series.values()],
    artifactUri: text(info['artifact_uri']),
  };
}

export function toModel(item: Json, versions: readonly Json[]): SourceModel {
  const createdAt = number(item['creation_timestamp']);
  const numbers = versions.map((version) => number(version['version']));
  return {
    name: text(item['name']),
    description: descriptionOf(item),
    createdAt,
    updatedAt: number(item['last_updated_timestamp'] ?? createdAt),
    tags: texts(item['tags']),
    lastVersion: Math.max(0, ...numbers),
    aliases: Object.fromEntries(list(item['aliases']).map((alias) => [text(alias['alias']), number(alias['version'])])),
    versions: versions
      .map((version) => {
        const source = text(version['source']);
        const runId = textOrNull(version['run_id']);
        const loggedModelId = textOrNull(version['model_id']) ?? loggedModelOfSource(source);
        return {
          version: number(version['version']),
          source,
          files: filesOfSource(source, { runId, loggedModelId }),
          runId,
          loggedModelId,
          runLink: textOrNull(version['run_link']),
          description: descriptionOf(version),
          stage: stageOf(text(version['current_stage'])),
          user: text(version['user_id']),
          createdAt: number(version['creation_timestamp']),
          updatedAt: number(version['last_updated_timestamp'] ?? version['creation_timestamp']),
          tags: texts(version['tags']),
        };
      })
      .toSorted((a, b) => a.version - b.version),
  };
}

/** An empty one is one. */
function descriptionOf(item: Json): string | null {
  const description = item['description'];
  return typeof description === 'string' ? description : null;
}
