import type {
  FileOwner,
  RunPoints,
  SourceExperiment,
  SourceFile,
  SourceRun,
  SourceSeries,
  TrackingSource,
} from '#ports/tracking-source';
import { lifecycleOf, runStatusOf } from './places.ts';
import { datasetsOf, recordsOf, scorersOf, unlessOlder } from './server-evaluations.ts';
import { openTraceFile, spansOf, traceFiles, traceReader } from './server-traces.ts';
import { loggedModelPages, toModel } from './server-models.ts';
import { int64Of, list, number, object, text, textOrNull, texts, type Json, type RestClient } from './rest-client.ts';

const API = '/api/2.0/mlflow';
const RUNS_PAGE = 500;
const POINTS_PAGE = 20_000;
/** Questions asked at a time. */
const AT_ONCE = 8;
const IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'";

/** A running MLflow server by its REST API. It has no way to tell what was deleted from the registry. */
export function openServerSource(rest: RestClient, address: string): TrackingSource {
  const notes: string[] = [];
  const pages = async function* (
    ask: (token: string | undefined) => Promise<Json>,
    field: string,
  ): AsyncIterable<Json[]> {
    for (let token: string | undefined; ;) {
      const page = await ask(token);
      const items = list(page[field]);
      if (items.length > 0) yield items;
      token = textOrNull(page['next_page_token']) ?? undefined;
      if (token === undefined) return;
    }
  };
  const countOf = async (source: AsyncIterable<readonly unknown[]>): Promise<number> => {
    let count = 0;
    for await (const page of source) count += page.length;
    return count;
  };
  const runPages = (experimentId: string) =>
    pages(
      (token) =>
        rest.post(`${API}/runs/search`, {
          experiment_ids: [experimentId],
          run_view_type: 'ALL',
          max_results: RUNS_PAGE,
          order_by: ['attributes.start_time ASC'],
          ...(token !== undefined && { page_token: token }),
        }),
      'runs',
    );
  const modelPages = (filter: string | undefined) =>
    pages(
      (token) => rest.get(`${API}/registered-models/search`, { filter, max_results: '100', page_token: token }),
      'registered_models',
    );

  const deleted = new Set<string>();
  async function experiments(): Promise<SourceExperiment[]> {
    const found: SourceExperiment[] = [];
    const search = (token: string | undefined) =>
      rest.post(`${API}/experiments/search`, {
        view_type: 'ALL',
        max_results: 1_000,
        ...(token !== undefined && { page_token: token }),
      });
    for await (const page of pages(search, 'experiments')) {
      for (const item of page) {
        const createdAt = number(item['creation_time']);
        found.push({
          id: text(item['experiment_id']),
          name: text(item['name']),
          lifecycle: lifecycleOf(text(item['lifecycle_stage'])),
          createdAt,
          updatedAt: number(item['last_update_time'] ?? createdAt),
          tags: texts(item['tags']),
        });
      }
    }
    for (const { id, lifecycle } of found) if (lifecycle === 'deleted') deleted.add(id);
    return found;
  }

  /** Also those of prompts, which MLflow leaves out unless they are asked for. */
  async function versionsOf(name: string, isPrompt: boolean): Promise<Json[]> {
    const isOfName = `name='${name.replaceAll("'", "''")}'`;
    const search = (token: string | undefined) =>
      rest.get(`${API}/model-versions/search`, {
        filter: isPrompt ? `${isOfName} AND ${IS_PROMPT}` : isOfName,
        max_results: '1000',
        page_token: token,
      });
    const versions: Json[] = [];
    for await (const found of pages(search, 'model_versions')) versions.push(...found);
    return versions;
  }

  /** Notes once that the server is of an older MLflow. */
  const olderThan = (version: string, what: string) => (): void => {
    const note = `The server is of an MLflow before ${version}: it has no ${what}.`;
    if (!notes.includes(note)) notes.push(note);
  };

  const readTraces = traceReader(rest, {
    experimentIds: async () => (await experiments()).map(({ id }) => id),
    runIds: async function* (experimentId) {
      for await (const page of runPages(experimentId)) yield page.map((run) => text(object(run['info'])['run_id']));
    },
    promptVersions: async function* () {
      for await (const page of modelPages(IS_PROMPT)) {
        for (const item of page) {
          const name = text(item['name']);
          for (const version of await versionsOf(name, true)) yield `${name}/${text(version['version'])}`;
        }
      }
    },
  });

  return {
    address,
    kind: 'server',
    notes,
    hasLocalFiles: false,

    async counts(experimentIds) {
      let runs = 0;
      for (const id of experimentIds) runs += await countOf(runPages(id));
      return {
        experiments: experimentIds.length,
        runs,
        points: null,
        loggedModels: null,
        registeredModels: (await countOf(modelPages(undefined))) + (await countOf(modelPages(IS_PROMPT))),
        modelVersions: null,
        traces: null,
        evaluationDatasets: null,
        scorers: null,
      };
    },

    experiments,

    async *runs(experimentId) {
      for await (const page of runPages(experimentId)) yield page.map(toRun);
    },

    // MLflow leaves the models that a run read out of its lists.
    async whole(run) {
      const { modelInputs, modelOutputs } = toRun(
        object((await rest.get(`${API}/runs/get`, { run_id: run.id }))['run']),
      );
      return { ...run, modelInputs, modelOutputs };
    },

    async *points(runs) {
      for (let start = 0; start < runs.length; start += AT_ONCE) {
        const group = runs.slice(start, start + AT_ONCE);
        const histories = await Promise.all(group.map((run) => shortHistory(rest, run)));
        for (const [index, { pieces, rest: open }] of histories.entries()) {
          const runId = group[index]?.id ?? '';
          if (pieces.length > 0) yield { runId, metrics: pieces };
          for (const { key, token } of open) yield* longHistory(rest, runId, key, token);
        }
      }
    },

    loggedModels: (experimentId) =>
      unlessOlder(loggedModelPages(rest, experimentId, pages), olderThan('3.0', 'logged models')),

    // MLflow leaves prompts, which are registered models too, out unless they are asked for.
    async *registeredModels() {
      const seen = new Set<string>();
      for (const filter of [undefined, IS_PROMPT]) {
        for await (const page of modelPages(filter)) {
          for (const item of page) {
            const name = text(item['name']);
            if (seen.has(name)) continue;
            seen.add(name);
            const full = object((await rest.get(`${API}/registered-models/get`, { name }))['registered_model']);
            const versions = await versionsOf(name, filter !== undefined);
            yield toModel(full, versions);
          }
        }
      }
    },

    traces: (experimentId) => unlessOlder(readTraces(experimentId), olderThan('3.0', 'traces that can be asked for')),
    spans: (traces) => spansOf(rest, traces),
    evaluationDatasets: () => unlessOlder(datasetsOf(rest), olderThan('3.4', 'evaluation datasets')),
    records: (datasetId) => recordsOf(rest, datasetId),
    // MLflow tells none of an experiment that is deleted.
    async *scorers(experimentId) {
      if (deleted.has(experimentId)) return;
      yield* unlessOlder(scorersOf(rest, experimentId), olderThan('3.4', 'scorers'));
    },

    files: (owner) => (owner.kind === 'trace' ? traceFiles(rest, owner) : filesOf(rest, owner)),
    open: (owner, file) => (owner.kind === 'trace' ? openTraceFile(rest, owner, file) : openFile(rest, owner, file)),
    async close() {},
  };
}

function toRun(item: Json): SourceRun {
  const info = object(item['info']);
  const data = object(item['data']);
  const inputs = object(item['inputs']);
  const outputs = object(item['outputs']);
  const latest = list(data['metrics']);
  const id = text(info['run_id']);
  return {
    id,
    experimentId: text(info['experiment_id']),
    name: text(info['run_name']),
    user: text(info['user_id']),
    status: runStatusOf(text(info['status'])),
    startTime: number(info['start_time']),
    endTime: info['end_time'] === undefined ? null : number(info['end_time']),
    lifecycle: lifecycleOf(text(info['lifecycle_stage'])),
    params: texts(data['params']),
    tags: texts(data['tags']),
    datasets: list(inputs['dataset_inputs']).map((input) => {
      const dataset = object(input['dataset']);
      return {
        name: text(dataset['name']),
        digest: text(dataset['digest']),
        sourceType: text(dataset['source_type']),
        source: text(dataset['source']),
        schema: textOrNull(dataset['schema']),
        profile: textOrNull(dataset['profile']),
        tags: texts(input['tags']),
      };
    }),
    modelInputs: list(inputs['model_inputs']).map((input) => text(input['model_id'])),
    modelOutputs: list(outputs['model_outputs']).map((output) => ({
      modelId: text(output['model_id']),
      step: int64Of(output['step']),
    })),
    pointsMark: JSON.stringify(latest),
    artifactUri: text(info['artifact_uri']),
  };
}

/** Names of the metrics of a run, out of what its mark was made from. */
function metricKeys(run: SourceRun): string[] {
  return (JSON.parse(run.pointsMark) as Json[]).map((metric) => text(metric['key']));
}

interface HistoryPage {
  readonly series: SourceSeries;
  readonly token: string | undefined;
}

async function historyPage(
  rest: RestClient,
  runId: string,
  key: string,
  token: string | undefined,
): Promise<HistoryPage> {
  const page = await rest.get(`${API}/metrics/get-history`, {
    run_id: runId,
    metric_key: key,
    max_results: String(POINTS_PAGE),
    page_token: token,
  });
  const metrics = list(page['metrics']);
  return {
    series: {
      key,
      steps: metrics.map((metric) => int64Of(metric['step'])),
      timestamps: metrics.map((metric) => int64Of(metric['timestamp'])),
      values: metrics.map((metric) => Number(metric['value'])),
    },
    token: textOrNull(page['next_page_token']) ?? undefined,
  };
}

/** The first page of each metric, and which of them go on. */
async function shortHistory(
  rest: RestClient,
  run: SourceRun,
): Promise<{ pieces: SourceSeries[]; rest: { key: string; token: string }[] }> {
  const pieces: SourceSeries[] = [];
  const open: { key: string; token: string }[] = [];
  for (const key of metricKeys(run)) {
    const { series, token } = await historyPage(rest, run.id, key, undefined);
    if (series.values.length > 0) pieces.push(series);
    if (token !== undefined) open.push({ key, token });
  }
  return { pieces, rest: open };
}

async function* longHistory(rest: RestClient, runId: string, key: string, from: string): AsyncIterable<RunPoints> {
  for (let token: string | undefined = from; token !== undefined;) {
    const page: HistoryPage = await historyPage(rest, runId, key, token);
    yield { runId, metrics: [page.series] };
    token = page.token;
  }
}

async function filesOf(rest: RestClient, owner: FileOwner): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const ask = (folder: string) =>
    owner.kind === 'run'
      ? rest.get(`${API}/artifacts/list`, { run_id: owner.id, ...(folder !== '' && { path: folder }) })
      : rest.get(`${API}/logged-models/${encodeURIComponent(owner.id)}/artifacts/directories`, {
          ...(folder !== '' && { artifact_directory_path: folder }),
        });
  async function walk(folder: string): Promise<void> {
    for (const entry of list((await ask(folder))['files'])) {
      const path = text(entry['path']);
      if (entry['is_dir'] === true) await walk(path);
      else files.push({ path, sizeBytes: number(entry['file_size']), changed: '' });
    }
  }
  await walk('');
  return files;
}

async function openFile(rest: RestClient, owner: FileOwner, file: SourceFile) {
  return owner.kind === 'run'
    ? await rest.stream('/get-artifact', { run_uuid: owner.id, path: file.path })
    : await rest.stream(`/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(owner.id)}/artifacts/files`, {
        artifact_file_path: file.path,
      });
}
