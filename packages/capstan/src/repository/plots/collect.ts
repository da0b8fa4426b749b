import { extname } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { ParamValue } from '#kernel/pipeline-definition';
import { readValuesText } from '#protocols/dvc';
import { readStateFile } from '../compare/state-files.ts';
import type { Repository } from '../open.ts';
import { shownIn, type RepositoryState } from '../revisions/state.ts';
import { readTracked, type Tracked } from '../revisions/tracked.ts';
import { filesOfPlot, pointsOf, type Points } from './datapoints.ts';
import { plotsOf, type PlotOverrides } from './definitions.ts';
import { readTable } from './table-text.ts';
import { imageType, type DrawnPlot, type PlotDefinition, type PlotProblem, type PlotSet } from './model.ts';

export interface PlotOptions {
  readonly targets?: readonly string[];
  readonly overrides?: PlotOverrides;
}

/**
 * The plots of some states, each with the points or pictures of all of them. Where states define a plot in other ways, the
 * first one counts.
 * @throws DomainError NOT_FOUND for a target that no state has; INVALID_ARGUMENT for a dvc.yaml that cannot be read
 */
export async function collectPlots(
  repository: Repository,
  states: readonly RepositoryState[],
  { targets = [], overrides = {} }: PlotOptions = {},
): Promise<PlotSet> {
  const groups = new Map<string, Found[]>();
  for (const state of states) {
    const tracked = await readTracked(state, repository.rules);
    const definitions = await plotsOf(repository, tracked, targets, overrides);
    for (const [id, definition] of byShownId(definitions)) {
      groups.set(id, [...(groups.get(id) ?? []), { tracked, definition }]);
    }
  }
  if (targets.length > 0 && groups.size === 0) {
    throw new DomainError('NOT_FOUND', `There is no plot ${targets.map((target) => `'${target}'`).join(' nor ')}`, {
      field: targets[0] ?? '',
      hint: 'Name a file with data, or a plot of dvc.yaml.',
    });
  }
  const problems: PlotProblem[] = [];
  const plots: DrawnPlot[] = [];
  for (const [id, group] of groups) {
    const plot = await drawnPlot(repository, id, group, problems);
    if (plot) plots.push(plot);
  }
  return { revisions: states.map(({ name }) => name), plots, problems };
}

interface Found {
  readonly tracked: Tracked;
  readonly definition: PlotDefinition;
}

/** Plots of one name in several files are told apart by the file. */
function byShownId(definitions: readonly PlotDefinition[]): Map<string, PlotDefinition> {
  const sources = Map.groupBy(definitions, ({ id }) => id);
  const shown = new Map<string, PlotDefinition>();
  for (const [id, same] of sources) {
    const isOne = new Set(same.map(({ source }) => source)).size === 1;
    for (const [index, definition] of same.entries()) {
      const name = isOne || definition.source === '' ? id : `${definition.source}::${id}`;
      shown.set(isOne && index > 0 ? `${name} (${index + 1})` : name, definition);
    }
  }
  return shown;
}

async function drawnPlot(
  repository: Repository,
  id: string,
  group: readonly Found[],
  problems: PlotProblem[],
): Promise<DrawnPlot | undefined> {
  const [first] = group;
  if (!first) return undefined;
  const title = first.definition.properties.title ?? id;
  const type = imageType(first.definition.id);
  const attempt = async <Result>(tracked: Tracked, work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      problems.push({ plot: id, revision: tracked.state.name, message: error.message });
      return undefined;
    }
  };
  if (type !== undefined) {
    const images: { revision: string; bytes: Buffer; type: string }[] = [];
    for (const { tracked, definition } of group) {
      const bytes = await attempt(tracked, async () => await readStateFile(repository, tracked, definition.id));
      if (bytes) images.push({ revision: tracked.state.name, bytes, type });
    }
    return { kind: 'image', id, title, images };
  }
  const found: Points[] = [];
  for (const { tracked, definition } of group) {
    const common = {
      ...definition,
      x: first.definition.x,
      y: first.definition.y,
      properties: first.definition.properties,
    };
    const points = await attempt(tracked, async () =>
      pointsOf(common, await contentsOf(repository, tracked, common), tracked.state.name),
    );
    if (points) found.push(points);
  }
  const series = found.flatMap((points) => points.series).filter(({ points }) => points.length > 0);
  return {
    kind: 'points',
    id,
    title,
    template: first.definition.properties.template ?? 'linear',
    xLabel: found[0]?.xLabel ?? 'x',
    yLabel: found[0]?.yLabel ?? 'y',
    revisions: [...new Set(series.map(({ revision }) => revision))],
    series,
  };
}

async function contentsOf(
  repository: Repository,
  tracked: Tracked,
  definition: PlotDefinition,
): Promise<Map<string, ParamValue>> {
  const contents = new Map<string, ParamValue>();
  for (const file of filesOfPlot(definition)) {
    const text = (await readStateFile(repository, tracked, file)).toString('utf8');
    contents.set(file, contentOf(text, shownIn(tracked.state, file), definition.properties.hasHeader !== false));
  }
  return contents;
}

function contentOf(text: string, name: string, hasHeader: boolean): ParamValue {
  const suffix = extname(name).toLowerCase();
  if (suffix === '.csv' || suffix === '.tsv') return readTable(text, suffix === '.csv' ? ',' : '\t', hasHeader);
  if (['.json', '.yaml', '.yml', '.toml', '.py'].includes(suffix)) return readValuesText(text, name, suffix);
  throw invalid(`${name} is no file of data`, { field: name, hint: 'Write JSON, YAML, CSV or TSV, or a picture.' });
}
