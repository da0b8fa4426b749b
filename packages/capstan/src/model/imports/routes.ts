import { routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { parseInt64, type Int64 } from '#kernel/int64';
import type { Experiments, KeyValue, PointSeries } from '#model/experiments';
import type { ModelRegistry } from '#model/registry';
import type { Digest } from '#ports/blob-store';
import type { Imports } from './service.ts';

const table = routes.imports;

interface Services {
  readonly imports: Imports;
  readonly experiments: Experiments;
  readonly registry: ModelRegistry;
}

export function importRoutes(services: Services): BoundRoute[] {
  return [...memoryRoutes(services), ...objectRoutes(services), ...fileRoutes(services)];
}

function memoryRoutes({ imports }: Services): BoundRoute[] {
  return [
    bind(table.start, async ({ body }, { cause }) => {
      await imports.start({ ...body, cause });
      return {};
    }),
    bind(table.experiments, async ({ body: { experiments, ...body } }, { cause }) => {
      const foreign = experiments.map(({ tags, ...facts }) => ({ ...facts, tags: textsOf(tags) }));
      return { items: [...(await imports.placeExperiments({ ...body, experiments: foreign, cause }))] };
    }),
    bind(table.pending, async ({ body }) => ({ ids: [...(await imports.pending(body))] })),
    bind(table.done, async ({ body }) => {
      await imports.done(body);
      return {};
    }),
    bind(table.finish, async ({ body }, { cause }) => {
      await imports.finish({ ...body, cause });
      return {};
    }),
  ];
}

function objectRoutes({ experiments, registry }: Services): BoundRoute[] {
  return [
    bind(table.runs, async ({ body: { source, runs } }, { cause }) => {
      const foreign = runs.map(({ user, params, tags, datasets, modelOutputs, metrics, ...run }) => ({
        ...run,
        userId: user,
        params: textsOf(params),
        tags: textsOf(tags),
        datasets: datasets.map((dataset) => ({ ...dataset, tags: textsOf(dataset.tags) })),
        modelOutputs: modelOutputs.map(({ modelId, step }) => ({ modelId, step: int64Of(step) })),
        metrics: metrics.map(seriesOf),
      }));
      return await experiments.importRuns({ source, runs: foreign, cause });
    }),
    bind(table.loggedModels, async ({ body: { source, models } }, { cause }) => {
      const foreign = models.map(({ params, tags, metrics, ...model }) => ({
        ...model,
        params: textsOf(params),
        tags: textsOf(tags),
        metrics: metrics.map((series) => ({ ...series, ...seriesOf(series) })),
      }));
      return await experiments.importLoggedModels({ source, models: foreign, cause });
    }),
    bind(table.registeredModel, async ({ body: { source, model, isDryRun } }, { cause }) => {
      const { clashes, ...counts } = await registry.importModel({
        source,
        isDryRun,
        cause,
        model: {
          ...model,
          tags: textsOf(model.tags),
          aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version })),
          versions: model.versions.map(({ files, tags, ...version }) => ({
            ...version,
            files: files && { owner: { kind: files.owner, id: files.id }, path: files.path },
            tags: textsOf(tags),
          })),
        },
      });
      return { ...counts, points: 0, clashes: [...clashes] };
    }),
  ];
}

function fileRoutes({ experiments }: Services): BoundRoute[] {
  return [
    bind(table.linkFiles, async ({ body: { owner, id, files } }, { cause }) => {
      const { missing, linked } = await experiments.linkFiles({ owner: { kind: owner, id }, files, cause });
      return { missing: [...missing], linked };
    }),
    bindRaw(table.putFile, async (request) => {
      const { owner, id = '' } = request.params;
      if (owner !== 'run' && owner !== 'logged-model')
        throw new DomainError('NOT_FOUND', `No artifacts of '${owner ?? ''}'`);
      const digest = request.query.get('digest');
      if (digest !== null && !/^sha256:[0-9a-f]{64}$/.test(digest))
        throw invalid('The digest is written sha256: and 64 hex digits', { field: 'digest' });
      const size = request.query.get('sizeBytes');
      if (size !== null && !/^\d{1,15}$/.test(size)) throw invalid('The size is no number', { field: 'sizeBytes' });
      const stored = await experiments.importFile({
        owner: { kind: owner, id },
        path: request.query.get('path') ?? '',
        bytes: request.stream,
        expected: {
          ...(digest !== null && { digest: digest as Digest }),
          ...(size !== null && { sizeBytes: Number(size) }),
        },
        cause: request.cause,
      });
      return {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(stored),
      };
    }),
  ];
}

interface SentSeries {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly timestamps: readonly (number | string)[];
  readonly values: readonly (number | string)[];
}

function seriesOf({ key, steps, timestamps, values }: SentSeries): PointSeries {
  return { key, steps: steps.map(int64Of), timestamps: timestamps.map(int64Of), values: values.map(Number) };
}

function int64Of(value: number | string): Int64 {
  const read = typeof value === 'number' ? value : parseInt64(value);
  if (read === undefined) throw invalid(`${value} is more than 64 bits hold`, { field: 'metrics' });
  return read;
}

function textsOf(texts: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}
