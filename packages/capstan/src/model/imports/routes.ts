import { routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { parseInt64, type Int64 } from '#kernel/int64';
import { readValue, storable, type AttributeValue } from '#kernel/exact-json';
import type { Evaluations } from '#model/evaluations';
import type { Experiments, KeyValue, PointSeries } from '#model/experiments';
import type { ModelRegistry } from '#model/registry';
import type { Traces } from '#model/traces';
import type { Digest } from '#ports/blob-store';
import type { Imports } from './service.ts';

const table = routes.imports;

interface Services {
  readonly imports: Imports;
  readonly experiments: Experiments;
  readonly registry: ModelRegistry;
  readonly traces: Traces;
  readonly evaluations: Evaluations;
}

export function importRoutes(services: Services): BoundRoute[] {
  return [...memoryRoutes(services), ...objectRoutes(services), ...evaluationRoutes(services), ...fileRoutes(services)];
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

function evaluationRoutes({ traces, evaluations }: Services): BoundRoute[] {
  return [
    bind(table.traces, async ({ body: { source, traces: given } }, { cause }) => {
      const foreign = given.map(({ tags, metadata, assessments, spans, ...facts }) => ({
        ...facts,
        tags: textsOf(tags),
        metadata: textsOf(metadata),
        assessments: assessments.map(({ sourceType, sourceId, ...assessment }) => ({
          ...assessment,
          source: { type: sourceType, id: sourceId },
        })),
        spans: spans.map(spanOf),
      }));
      return await traces.importTraces({ source, traces: foreign, cause });
    }),
    bind(table.evaluationDataset, async ({ body: { source, dataset } }, { cause }) =>
      evaluations.importDataset({ source, dataset: { ...dataset, tags: textsOf(dataset.tags) }, cause }),
    ),
    bind(table.evaluationRecords, async ({ body }, { cause }) => evaluations.importRecords({ ...body, cause })),
    bind(table.scorer, async ({ body }, { cause }) => {
      const { clashes, ...counts } = await evaluations.importScorer({ ...body, cause });
      return { ...counts, clashes: [...clashes] };
    }),
  ];
}

function fileRoutes({ experiments, traces }: Services): BoundRoute[] {
  return [
    bind(table.linkFiles, async ({ body: { owner, id, files } }, { cause }) => {
      if (owner === 'trace') return { missing: [...(await traces.missingTraceFiles(id, files))], linked: 0 };
      const { missing, linked } = await experiments.linkFiles({ owner: { kind: owner, id }, files, cause });
      return { missing: [...missing], linked };
    }),
    bindRaw(table.putFile, async (request) => {
      const { owner, id = '' } = request.params;
      if (owner !== 'run' && owner !== 'logged-model' && owner !== 'trace')
        throw new DomainError('NOT_FOUND', `No artifacts of '${owner ?? ''}'`);
      const digest = request.query.get('digest');
      if (digest !== null && !/^sha256:[0-9a-f]{64}$/.test(digest))
        throw invalid('The digest is written sha256: and 64 hex digits', { field: 'digest' });
      const size = request.query.get('sizeBytes');
      if (size !== null && !/^\d{1,15}$/.test(size)) throw invalid('The size is no number', { field: 'sizeBytes' });
      const file = {
        path: request.query.get('path') ?? '',
        bytes: request.stream,
        expected: {
          ...(digest !== null && { digest: digest as Digest }),
          ...(size !== null && { sizeBytes: Number(size) }),
        },
        cause: request.cause,
      };
      const stored =
        owner === 'trace'
          ? await traces.importTraceFile({ traceId: id, ...file })
          : await experiments.importFile({ owner: { kind: owner, id }, ...file });
      return {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(stored),
      };
    }),
  ];
}

type ForeignSpan = Parameters<Traces['importTraces']>[0]['traces'][number]['spans'][number];
type SentTexts = Readonly<Record<string, string>>;

interface SentSpan extends Omit<ForeignSpan, 'startNs' | 'endNs' | 'attributes' | 'events' | 'links'> {
  readonly startNs: string;
  readonly endNs: string | null;
  readonly attributes: SentTexts;
  readonly events: readonly { readonly name: string; readonly atNs: string; readonly attributes: SentTexts }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: SentTexts }[];
}

function spanOf({ startNs, endNs, attributes, events, links, ...facts }: SentSpan): ForeignSpan {
  return {
    ...facts,
    name: storable(facts.name),
    statusMessage: storable(facts.statusMessage),
    startNs: BigInt(startNs),
    endNs: endNs === null ? null : BigInt(endNs),
    attributes: new Map(Object.entries(attributes).map(([key, value]) => [storable(key), storable(value)])),
    events: events.map(({ name, atNs, attributes: told }) => ({
      name,
      atNs: BigInt(atNs),
      attributes: valuesOf(told),
    })),
    links: links.map(({ attributes: told, ...ids }) => ({ ...ids, attributes: valuesOf(told) })),
  };
}

/** Values of JSON texts; what is no JSON is the text itself. */
function valuesOf(texts: SentTexts): Map<string, AttributeValue> {
  return new Map(Object.entries(texts).map(([key, value]) => [key, readValue(value) ?? value]));
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
