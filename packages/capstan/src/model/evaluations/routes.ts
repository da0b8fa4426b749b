import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import { writeValue } from '#kernel/exact-json';
import type { Experiments } from '#model/experiments';
import { objectIn, parseJsonText } from './json-text.ts';
import { SOURCE_TYPE, type EvaluationDataset, type EvaluationRecord } from './model.ts';
import type { Evaluations } from './service.ts';

const table = routes.evaluations;
const MOST_USES = 100;

export function evaluationRoutes(evaluations: Evaluations, experiments: Experiments): BoundRoute[] {
  return [
    bind(table.listDatasets, async ({ query }) => {
      const page = await evaluations.searchDatasets({
        experimentIds: query.experiment === undefined ? undefined : [query.experiment],
        filter: query.filter,
        orderBy: query.orderBy === undefined ? [] : [query.orderBy],
        limit: query.limit,
        pageToken: query.cursor,
      });
      const links = await evaluations.experimentsOfDatasets(page.datasets.map(({ id }) => id));
      return {
        items: page.datasets.map((dataset) => summaryReply(dataset, links.get(dataset.id) ?? [])),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
    bind(table.getDataset, async ({ params }) => {
      const dataset = await evaluations.getDataset(params.dataset);
      const links = await evaluations.experimentsOfDataset(dataset.id);
      const uses = await experiments.runsThatRead({ sourceType: SOURCE_TYPE, names: dataset.id, limit: MOST_USES });
      return {
        ...summaryReply(dataset, links),
        schema: dataset.schema,
        usedBy: [...uses],
      };
    }),
    bind(table.records, async ({ params, query }) => {
      const page = await evaluations.listRecords({
        datasetId: params.dataset,
        limit: query.limit,
        pageToken: query.cursor,
      });
      return {
        items: page.records.map(recordReply),
        ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
      };
    }),
  ];
}

function summaryReply({ schema: _schema, tags, ...facts }: EvaluationDataset, experimentIds: readonly string[]) {
  return {
    ...facts,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    experimentIds: [...experimentIds],
  };
}

function recordReply({ source, inputs, expectations, tags, ...record }: EvaluationRecord) {
  return {
    ...record,
    inputs: membersOf(inputs),
    expectations: expectations === null ? null : membersOf(expectations),
    tags: membersOf(tags),
    sourceType: source?.type ?? null,
    sourceId: source?.id ?? null,
  };
}

/** JSON text of each member of an object. */
function membersOf(json: string): Record<string, string> {
  const members = objectIn('record', parseJsonText('record', json));
  return Object.fromEntries(Array.from(members, ([key, value]) => [key, writeValue(value)]));
}
