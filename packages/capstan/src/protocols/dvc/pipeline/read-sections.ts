import type {
  DeclaredArtifact,
  DeclaredDataset,
  ParamValue,
  PipelineDefinition,
  Plot,
  PlotAxis,
  StageInput,
} from '#kernel/pipeline-definition';
import type { Place } from '../text/place.ts';
import { locate, type Reach } from './project-path.ts';
import { interpolate, type CommandOptions } from './templating.ts';
import type { Values } from '../text/value-files.ts';

type Sections = Omit<PipelineDefinition, 'stages'>;

interface SectionsSource {
  readonly top: Values;
  readonly place: Place;
  readonly context: Values;
  readonly options: CommandOptions;
  readonly reach: Reach;
}

/**
 * What stands beside the stages: plots, artifacts, datasets, metrics and parameters to show. None changes how a stage
 * runs.
 * @throws DomainError INVALID_ARGUMENT naming `dvc.yaml:line:column`
 */
export function readSections(source: SectionsSource): Sections {
  return {
    plots: itemsOf(source, 'plots').flatMap(([item, place]) => plotsOf(item, place, source)),
    artifacts: artifactsOf(source),
    datasets: itemsOf(source, 'datasets').map(([item, place]) => datasetOf(item, place)),
    metrics: itemsOf(source, 'metrics').map(([item, place]) => fileOf(item, place, source)),
    params: itemsOf(source, 'params').map(([item, place]) => fileOf(item, place, source)),
  };
}

function filled(value: ParamValue, place: Place, { context, options }: SectionsSource): ParamValue {
  return interpolate(value, { context, place, use: 'data', options });
}

function itemsOf(source: SectionsSource, section: string): [ParamValue, Place][] {
  const written = source.top.get(section);
  if (written === undefined) return [];
  const place = source.place.at(section);
  return place.asList(written).map((item, index) => [filled(item, place.at(index), source), place.at(index)]);
}

function fileOf(item: ParamValue, place: Place, { reach }: SectionsSource): StageInput {
  const path = place.asText(item);
  return { path, ...locate(path, '.', place, reach) };
}

const PLOT_KEYS = ['x', 'y', 'x_label', 'y_label', 'title', 'template'];

function plotsOf(item: ParamValue, place: Place, source: SectionsSource): Plot[] {
  if (!(item instanceof Map)) return [{ id: place.asText(item), x: [], y: [] }];
  return [...(item as Values)].map(([name, properties]) => {
    const id = place.asText(name);
    if (properties === null) return { id, x: [], y: [] };
    const at = place.at(id);
    const map = at.asMap(properties);
    at.refuseUnknownKeys(map, PLOT_KEYS);
    return {
      id,
      x: axisOf(map.get('x'), at.at('x'), source),
      y: axisOf(map.get('y'), at.at('y'), source),
      ...texts(map, at, { xLabel: 'x_label', yLabel: 'y_label', title: 'title', template: 'template' }),
    };
  });
}

/** A field, fields, or a map from files to their fields. */
function axisOf(value: ParamValue | undefined, place: Place, source: SectionsSource): PlotAxis[] {
  if (value === undefined) return [];
  if (!(value instanceof Map)) return [{ fields: fieldsOf(value, place) }];
  return [...(value as Values)].map(([name, fields]) => {
    const path = place.asText(name);
    return { file: locate(path, '.', place, source.reach).file, fields: fieldsOf(fields, place.at(path)) };
  });
}

function fieldsOf(value: ParamValue, place: Place): string[] {
  if (!Array.isArray(value)) return [place.asText(value)];
  return (value as readonly ParamValue[]).map((item, index) => place.at(index).asText(item));
}

const ARTIFACT_KEYS = ['path', 'type', 'desc', 'labels', 'meta'];

function artifactsOf(source: SectionsSource): DeclaredArtifact[] {
  const written = source.top.get('artifacts');
  if (written === undefined) return [];
  const place = source.place.at('artifacts');
  return [...place.asMap(written)].map(([key, entry]) => {
    const at = place.at(String(key));
    const name = at.asText(filled(key, at, source));
    const map = at.asMap(filled(entry, at, source));
    at.refuseUnknownKeys(map, ARTIFACT_KEYS);
    if (!map.has('path')) throw at.error(`the artifact '${name}' has no path`);
    const labels = map.has('labels') ? fieldsOf(at.at('labels').asList(map.get('labels')), at.at('labels')) : [];
    return {
      name,
      ...fileOf(map.get('path') ?? null, at.at('path'), source),
      ...texts(map, at, { type: 'type', description: 'desc' }),
      labels,
      meta: map.get('meta') ?? null,
    };
  });
}

const DATASET_KEYS = ['name', 'type', 'url', 'path', 'rev'];
const DATASET_TYPES = ['dvc', 'dc', 'url'];

function datasetOf(item: ParamValue, place: Place): DeclaredDataset {
  const map = place.asMap(item);
  place.refuseUnknownKeys(map, DATASET_KEYS);
  const required = (key: string) => {
    if (!map.has(key)) throw place.error(`the dataset has no ${key}`);
    return place.at(key).asText(map.get(key));
  };
  const type = required('type');
  if (!DATASET_TYPES.includes(type)) throw place.at('type').error(`'${type}' is none of ${DATASET_TYPES.join(', ')}`);
  return { name: required('name'), type, url: required('url'), ...texts(map, place, { path: 'path', rev: 'rev' }) };
}

/** The texts that are there, by the names they have here. */
function texts<Name extends string>(
  map: Values,
  place: Place,
  names: Readonly<Record<Name, string>>,
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, key] of Object.entries(names) as [Name, string][]) {
    if (map.has(key) && map.get(key) !== null) found[name] = place.at(key).asText(map.get(key));
  }
  return found;
}
