import { routes } from '@capstan/api';
import { attachmentReply, bind, bindRaw, framedReply, type BoundRoute } from '#http';
import { DomainError } from '#kernel/errors';
import type { ArtifactOwner } from './artifacts/artifacts.ts';
import { previewOf } from './artifacts/artifact-preview.ts';
import type { MetricBucket } from './metrics/buckets.ts';
import type { HistoryPoint } from './metrics/metric.store.ts';
import type { Clock } from '#ports/clock';
import { livenessOf, type Experiment, type KeyValue, type Liveness, type Run } from './model.ts';
import type { KeyNames } from './search/logged-keys.ts';
import type { Experiments } from './service.ts';

const table = routes.experiments;

interface Silence {
  readonly clock: Clock;
  /** How long a run may write nothing before it counts as lost. */
  readonly lostAfterMs: number;
}

export function experimentRoutes(experiments: Experiments, silence: Silence): BoundRoute[] {
  return [
    ...experimentReads(experiments),
    ...runReads(experiments, silence),
    ...tableReads(experiments),
    ...changeRoutes(experiments),
    ...artifactRoutes(experiments),
  ];
}

function experimentReads(experiments: Experiments): BoundRoute[] {
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
      const { isWhole, ...found } = await experiments.loggedKeys({ experimentId: id, ...query });
      return { ...keysReply(found), isWhole };
    }),
    bind(table.values, async ({ params, query }) => {
      const { id } = await experiments.getExperiment(params.experiment);
      const { values, isWhole } = await experiments.loggedValues({ experimentId: id, ...query });
      return { values: [...values], isWhole };
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

function runReads(experiments: Experiments, { clock, lostAfterMs }: Silence): BoundRoute[] {
  const summaryReply = (run: Run) => summaryOf(run, livenessOf(run, clock.now(), lostAfterMs));
  return [
    bind(table.searchRuns, async ({ body }, { signal }) => {
      const { metrics, params, tags, cursor, withChildren, ...search } = body;
      const load = { metrics, params, tags, inputs: false };
      const page = await experiments.searchRuns({ ...search, pageToken: cursor, load, signal });
      const ids = page.runs.map((run) => run.id);
      const children = withChildren ? await experiments.countChildren(ids) : undefined;
      return {
        items: page.runs.map((run) => ({
          ...summaryReply(run),
          ...(children && { children: children.get(run.id) ?? 0 }),
        })),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
    bind(table.getRun, async ({ params }) => {
      const run = await experiments.getRun(params.run);
      return {
        ...summaryReply(run),
        datasets: run.datasets.map((dataset) => ({ ...dataset, tags: textsReply(dataset.tags) })),
        modelInputs: [...run.modelInputs],
        modelOutputs: run.modelOutputs.map(({ modelId, step }) => ({ modelId, step: Number(step) })),
      };
    }),
    bind(table.getRuns, async ({ body }) => ({ items: (await experiments.getRuns(body.ids)).map(summaryReply) })),
  ];
}

/** What a table or chart of many runs asks. */
function tableReads(experiments: Experiments): BoundRoute[] {
  return [
    bind(table.countRuns, async ({ body }, { signal }) => ({
      count: await experiments.countMatches({ ...body, signal }),
    })),
    bind(table.groupRuns, async ({ body }, { signal }) => {
      const { groups, hasMore } = await experiments.groupRuns({ ...body, signal });
      const items = groups.map(({ values, runs, metrics }) => ({
        values: [...values],
        runs,
        metrics: Object.fromEntries(metrics),
      }));
      return { items, hasMore };
    }),
    bind(table.differingKeys, async ({ body }, { signal }) => {
      const { runs, ...found } = await experiments.differingKeys({ ...body, signal });
      return { runs, ...keysReply(found) };
    }),
    bind(table.metricSeries, async ({ body: { runs, key, from, to, buckets } }, { signal }) => {
      const items = [];
      for (const runId of runs) {
        const series = await experiments.bucketedHistory({ runId, key, range: { from, to }, buckets, signal });
        items.push({ run: runId, count: series.count, buckets: series.buckets.map(bucketReply) });
      }
      return { items };
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
      return await previewOf(file, { start: query.from, bytes: query.bytes }, experiments.readArtifact);
    }),
    bindRaw(table.frameArtifact, async (request) => {
      const file = await experiments.findArtifact(ownerOf(request.params), request.query.get('path') ?? '');
      return await framedReply(request, file, experiments.readArtifact);
    }),
    bindRaw(table.downloadArtifact, async (request) => {
      const file = await experiments.findArtifact(ownerOf(request.params), request.query.get('path') ?? '');
      return await attachmentReply(request, file, experiments.readArtifact);
    }),
  ];
}

function ownerOf({ owner, id = '' }: Readonly<Record<string, string>>): ArtifactOwner {
  if (owner === 'run' || owner === 'logged-model') return { kind: owner, id };
  throw new DomainError('NOT_FOUND', `No artifacts of '${owner ?? ''}'`);
}

function keysReply({ metrics, params, tags }: KeyNames) {
  return { metrics: [...metrics], params: [...params], tags: [...tags] };
}

function experimentReply(
  { id, name, lifecycle, createdAt, updatedAt, tags }: Experiment,
  runs: { active: number; deleted: number } | undefined,
) {
  return { id, name, lifecycle, createdAt, updatedAt, tags: textsReply(tags), runs: runs ?? { active: 0, deleted: 0 } };
}

function summaryOf(run: Run, liveness: Liveness) {
  const { id, experimentId, name, status, startTime, endTime, lifecycle, updatedAt } = run;
  const metrics = Object.fromEntries(
    run.metrics.map(({ key, min, max, ...point }) => [key, { ...pointReply(point), min, max }]),
  );
  const facts = {
    id,
    experimentId,
    name,
    user: run.userId,
    status,
    startTime,
    endTime,
    lifecycle,
    liveness,
    updatedAt,
  };
  return { ...facts, metrics, params: textsReply(run.params), tags: textsReply(run.tags) };
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
