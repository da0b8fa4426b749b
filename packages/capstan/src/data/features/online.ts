import type { OnlineRow } from '@capstan/api';
import type { Project } from '#design/projects';
import { conflict, invalid } from '#kernel/errors';
import type { Cell } from '#ports/analytics';
import type { FeaturesContext } from './deps.ts';
import { chooseFeatures, entityKey, entityValue, onlineValue, partsOf, type ViewDefinition } from './model.ts';
import * as store from './store.ts';
import { defineView } from './view.ts';

export interface OnlineRequest {
  readonly project: string;
  readonly features: readonly string[];
  /** A list of values for each entity column, all of one length. */
  readonly entities: Readonly<Record<string, readonly (string | number | boolean | null)[]>>;
  readonly fullFeatureNames: boolean;
}

export interface OnlineFeatures {
  readonly featureNames: string[];
  readonly rows: OnlineRow[];
}

/** @throws DomainError INVALID_ARGUMENT naming what does not fit; CONFLICT where nothing has been materialized */
export async function onlineFeatures(deps: FeaturesContext, request: OnlineRequest): Promise<OnlineFeatures> {
  const project = await deps.projects.get(request.project);
  const count = rowCount(request.entities);
  const views = new Map<string, OnlineView>();
  for (const name of new Set(request.features.map((text) => partsOf(text).view))) {
    if (project.declaration.features[name]) views.set(name, await onlineView(deps, project, name));
  }
  const known = new Map([...views].map(([name, { served }]) => [name, served.features.map((each) => each.name)]));
  const all = Object.keys(project.declaration.features).map((name) => [name, known.get(name) ?? []] as const);
  const chosen = chooseFeatures(request.features, new Map(all), request.fullFeatureNames);
  const now = deps.clock.now();
  const rows: OnlineFeatures['rows'] = Array.from({ length: count }, () => ({
    values: [],
    statuses: [],
    eventTimes: [],
  }));
  const found = new Map<string, readonly (FoundRow | undefined)[]>();
  for (const [name, view] of views) found.set(name, await lookUp(deps, view, request.entities, count));
  for (const { view: name, feature } of chosen) {
    const ttlMs = views.get(name)?.definition.ttlMs;
    for (const [index, row] of rows.entries()) {
      const stored = found.get(name)?.[index];
      const value = stored && { eventTime: stored.eventTime, value: stored.features[feature] ?? null };
      const given = onlineValue(value, now, ttlMs);
      row.values.push(given.value as OnlineRow['values'][number]);
      row.statuses.push(given.status);
      row.eventTimes.push(stored?.eventTime ?? null);
    }
  }
  return { featureNames: chosen.map(({ name }) => name), rows };
}

interface OnlineView {
  readonly definition: ViewDefinition;
  /** What was materialized last. */
  readonly served: store.ServedView;
}

interface FoundRow {
  readonly eventTime: number;
  readonly features: Readonly<Record<string, Cell>>;
}

async function onlineView(deps: FeaturesContext, project: Project, name: string): Promise<OnlineView> {
  const definition = await defineView(deps, project, name);
  const served = await store.servedView(deps.database.read, project.name, name);
  if (served) return { definition, served };
  throw conflict(`${name} has not been materialized`, {
    field: 'features',
    hint: `Run: capstan features materialize ${project.name} ${name}.`,
  });
}

async function lookUp(
  deps: FeaturesContext,
  { definition, served }: OnlineView,
  entities: OnlineRequest['entities'],
  count: number,
): Promise<(FoundRow | undefined)[]> {
  const lists = served.entityColumns.map((column) => {
    const list = entities[column.name];
    if (!list) {
      throw invalid(`${definition.name} is looked up by ${column.name}, which is not given`, {
        field: `entities.${column.name}`,
        hint: `Give a list of values for each of: ${definition.entities.join(', ')}.`,
      });
    }
    return list.map((value, index) => entityValue(value, column, `entities.${column.name}[${index}]`));
  });
  const keys = Array.from({ length: count }, (_, index) => entityKey(lists.map((list) => list[index] ?? null)));
  const rows = await store.onlineRows(deps.database.read, definition, [...new Set(keys)]);
  const parsed = new Map(
    [...rows].map(([key, { eventTime, features }]) => [
      key,
      { eventTime, features: JSON.parse(features) as FoundRow['features'] },
    ]),
  );
  return keys.map((key) => parsed.get(key));
}

function rowCount(entities: OnlineRequest['entities']): number {
  const lists = Object.entries(entities);
  const [first] = lists;
  if (!first) throw invalid('Name at least one entity column', { field: 'entities' });
  const odd = lists.find(([, list]) => list.length !== first[1].length);
  if (!odd) return first[1].length;
  throw invalid(`${odd[0]} has ${odd[1].length} values and ${first[0]} has ${first[1].length}`, {
    field: `entities.${odd[0]}`,
    hint: 'Give as many values for each entity column: one for each row.',
  });
}
