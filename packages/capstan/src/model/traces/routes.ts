import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Experiments, KeyValue } from '#model/experiments';
import { writeValue } from '#kernel/exact-json';
import { SOURCE_RUN, type Assessment, type Attributes, type Span, type TraceInfo } from './model.ts';
import type { Traces } from './service.ts';

const table = routes.traces;

export function traceRoutes(traces: Traces, experiments: Experiments): BoundRoute[] {
  return [
    bind(table.list, async ({ params, query }, { signal }) => {
      const { id } = await experiments.getExperiment(params.experiment);
      const page = await traces.searchTraces({
        experimentIds: [id],
        filter: query.filter,
        orderBy: query.orderBy === undefined ? [] : [query.orderBy],
        limit: query.limit,
        pageToken: query.cursor,
        signal,
      });
      return {
        items: page.traces.map(summaryReply),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
    bind(table.get, async ({ params }) => {
      const { info, spans } = await traces.getTrace(params.trace);
      const links = await traces.getTraceLinks(params.trace);
      const targets = (kind: 'run' | 'prompt') =>
        links.filter((link) => link.kind === kind).map(({ target }) => target);
      const own = info.metadata.filter(({ key }) => key === SOURCE_RUN).map(({ value }) => value);
      return {
        ...summaryReply(info),
        spans: spans.map(spanReply),
        runs: [...new Set([...own, ...targets('run')])],
        prompts: targets('prompt'),
      };
    }),
  ];
}

function summaryReply({ tags, metadata, assessments, ...facts }: TraceInfo) {
  return {
    ...facts,
    tags: textsReply(tags),
    metadata: textsReply(metadata),
    assessments: assessments.map(assessmentReply),
  };
}

function assessmentReply({ traceId: _trace, overrides: _overrides, source, error, metadata, ...facts }: Assessment) {
  return {
    ...facts,
    metadata: { ...metadata },
    error: error && (error.message ?? error.code ?? 'failed'),
    sourceType: source.type,
    sourceId: source.id,
  };
}

function spanReply({ startNs, endNs, attributes, events, links: _links, ...facts }: Span) {
  return {
    ...facts,
    startNs: String(startNs),
    endNs: endNs === null ? null : String(endNs),
    attributes: Object.fromEntries(attributes),
    events: events.map(({ name, atNs, attributes: told }) => ({
      name,
      atNs: String(atNs),
      attributes: jsonReply(told),
    })),
  };
}

function jsonReply(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Array.from(attributes, ([key, value]) => [key, writeValue(value)]));
}

function textsReply(texts: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(texts.map(({ key, value }) => [key, value]));
}
