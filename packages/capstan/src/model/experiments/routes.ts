import { routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import { DomainError } from '#kernel/errors';
import { artifactReply } from './artifacts/artifact-reply.ts';
import { previewOf } from './artifacts/artifact-preview.ts';
import type { MetricBucket } from './metrics/metric-bucket.store.ts';
import type { HistoryPoint } from './metrics/metric.store.ts';
import type { Experiment, KeyValue, Run } from './model.ts';
import type { Experiments } from './service.ts';

const table = routes.experiments;

export function experimentRoutes(experiments: Experiments): BoundRoute[] {
  return [...readRoutes(experiments), ...changeRoutes(experiments), ...artifactRoutes(experiments)];
}

function readRoutes(experiments: Experiments): BoundRoute[] {
  return [
    bind(table.list, async ({ query }) => {
      const page = await experiments.searchExperiments({ ...query, pageToken: query.cursor });
      const counts = await experiments.countRuns(page.experiments.map((experiment) => experiment.id));
      return {
        items: page.experiments.map((experiment) => experimentReply(experiment, counts.get(experiment.id))),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
    bind(table.get, async ({ params }) => {
      const experiment = await experiments.getExperiment(params.experiment);
      const counts = await experiments.countRuns([experiment.id]);
      return experimentReply(experiment, counts.get(experiment.id));
    }),
    bind(table.count, async ({ query }) => ({ count: await experiments.countExperiments(query) })),
    bind(table.keys, async ({ params, query }) => {
      const { id } = await experiments.getExperiment(params.experiment);
      const found = await experiments.loggedKeys({ experimentId: id, ...query });
      return { ...found, metrics: [...found.metrics], params: [...found.params], tags: [...found.tags] };
    }),
    bind(table.values, async ({ params, query }) => {
      const { id } = await experiments.getExperiment(params.experiment);
      const { values, isWhole } = await experiments.loggedValues({ experimentId: id, ...query });
      return { values: [...values], isWhole };
    }),
    bind(table.searchRuns, async ({ body }) => {
      const { metrics, params, tags, cursor, ...search } = body;
      const load = { metrics, params, tags, inputs: false };
      const page = await experiments.searchRuns({ ...search, pageToken: cursor, load });
      return {
        items: page.runs.map(summaryReply),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
    bind(table.countRuns, async ({ body }) => ({ count: await experiments.countMatches(body) })),
    bind(table.getRun, async ({ params }) => runReply(await experiments.getRun(params.run))),
    bind(table.metricHistory, async ({ params, query }) => {
      const run = await experiments.getRun(params.run);
      const range = { from: query.from, to: query.to };
      const series = await experiments.bucketedHistory({
        runId: run.id,
        key: query.key,
        range,
        buckets: query.buckets,
      });
      return { count: series.count, buckets: series.buckets.map(bucketReply) };
    }),
    bind(table.getLoggedModel, async ({ params }) => {
      const { lifecycle: _lifecycle, artifactRoot: _root, ...model } = await experiments.getLoggedModel(params.model);
      const metrics = model.metrics.map(({ key, runId, datasetName, datasetDigest, ...point }) => ({
        key,
        runId,
        datasetName,
        datasetDigest,
        ...pointReply(point),
      }));
      return { ...model, tags: textsReply(model.tags), params: textsReply(model.params), metrics };
    }),
  ];
}

function changeRoutes(experiments: Experiments): BoundRoute[] {
  return [
    bind(table.deleteRuns, async ({ body }, { cause }) => ({
      changed: await experiments.deleteRuns({ ids: body.ids, cause }),
    })),
    bind(table.restoreRuns, async ({ body }, { cause }) => ({
      changed: await experiments.restoreRuns({ ids: body.ids, cause }),
    })),
    bind(table.setRunTags, async ({ body }, { cause }) => {
      const tags = Object.entries(body.tags).map(([key, value]) => ({ key, value }));
      await experiments.logBatches(body.ids.map((runId) => ({ runId, tags, cause })));
      return { changed: body.ids.length };
    }),
  ];
}

function artifactRoutes(experiments: Experiments): BoundRoute[] {
  return [
    bind(table.listArtifacts, async ({ params, query }) => {
      const items = await experiments.listArtifacts({ kind: params.owner, id: params.id }, query.path);
      return { items: [...items] };
    }),
    bind(table.previewArtifact, async ({ params, query }) => {
      const file = await experiments.findArtifact({ kind: params.owner, id: params.id }, query.path);
      return await previewOf(file, query.bytes, experiments.readArtifact);
    }),
    bindRaw(table.downloadArtifact, async (request) => {
      const { owner, id = '' } = request.params;
      if (owner !== 'run' && owner !== 'logged-model')
        throw new DomainError('NOT_FOUND', `No artifacts of '${owner ?? ''}'`);
      const file = await experiments.findArtifact({ kind: owner, id }, request.query.get('path') ?? '');
      return await artifactReply(request, file, experiments.readArtifact);
    }),
  ];
}

function experimentReply(
  { id, name, lifecycle, createdAt, updatedAt, tags }: Experiment,
  runs: { active: number; deleted: number } | undefined,
) {
  return { id, name, lifecycle, createdAt, updatedAt, tags: textsReply(tags), runs: runs ?? { active: 0, deleted: 0 } };
}

function summaryReply(run: Run) {
  const { id, experimentId, name, status, startTime, endTime, lifecycle, updatedAt } = run;
  const metrics = Object.fromEntries(
    run.metrics.map(({ key, min, max, ...point }) => [key, { ...pointReply(point), min, max }]),
  );
  const facts = { id, experimentId, name, user: run.userId, status, startTime, endTime, lifecycle, updatedAt };
  return { ...facts, metrics, params: textsReply(run.params), tags: textsReply(run.tags) };
}

function runReply(run: Run) {
  return {
    ...summaryReply(run),
    datasets: run.datasets.map((dataset) => ({ ...dataset, tags: textsReply(dataset.tags) })),
    modelInputs: [...run.modelInputs],
    modelOutputs: run.modelOutputs.map(({ modelId, step }) => ({ modelId, step: Number(step) })),
  };
}

function bucketReply({ firstStep, lastStep, last, ...facts }: MetricBucket) {
  return { ...facts, firstStep: Number(firstStep), lastStep: Number(lastStep), last: pointReply(last) };
}

function pointReply({ step, timestamp, value }: HistoryPoint) {
  return {
    step: Number(step),
    timestamp: Number(timestamp),
    value: Number.isNaN(value) ? ('NaN' as const) : value,
  };
}

function textsReply(texts: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(texts.map(({ key, value }) => [key, value]));
}
