import { posix } from 'node:path';
import type { Plot, PlotAxis, PlotDrawing } from '#kernel/pipeline-definition';
import { filesAt } from '../compare/state-files.ts';
import { pathInside, type Repository } from '../open.ts';
import type { FoundPipeline, Tracked } from '../revisions/tracked.ts';
import type { FieldOf, PlotDefinition, PlotProperties } from './model.ts';

/** What a caller says of every plot. */
export interface PlotOverrides extends PlotProperties {
  readonly x?: string;
  readonly y?: string;
}

/**
 * The plots of a state: those beside the stages, those of stages, and files that are asked for. Folders are opened.
 * @param targets ids or files of the caller; all plots where there is none
 */
export async function plotsOf(
  repository: Repository,
  tracked: Tracked,
  targets: readonly string[],
  overrides: PlotOverrides,
): Promise<PlotDefinition[]> {
  const asked = targets.map((written) => ({ written, path: pathInside(repository, written) }));
  const isAsked = (id: string): boolean =>
    asked.length === 0 || asked.some(({ written, path }) => id === written || id === path || id.startsWith(`${path}/`));
  const found: PlotDefinition[] = [];
  const add = async (definition: PlotDefinition, without: readonly string[] = []): Promise<void> => {
    const plots = await opened(repository, tracked, definition, without);
    found.push(
      ...plots.filter(({ id }) => isAsked(id) || isAsked(definition.id)).map((plot) => overridden(plot, overrides)),
    );
  };
  for (const pipeline of tracked.pipelines) {
    const all = pipeline.definition.plots.map((plot) => definitionOf(plot, pipeline));
    for (const one of all)
      await add(
        one,
        all.filter((other) => other !== one).map(({ id }) => id),
      );
  }
  for (const pipeline of tracked.pipelines) {
    for (const { file, drawings = [{}] } of pipeline.definition.stages.flatMap(({ outputs }) =>
      outputs.filter(({ kind, outside }) => kind === 'plots' && outside === undefined),
    )) {
      for (const drawing of drawings) await add(ofStage(posix.join(pipeline.folder, file), drawing));
    }
  }
  for (const { path } of asked) {
    if (!found.some(({ id }) => id === path || id.startsWith(`${path}/`)) && (await isThere(repository, tracked, path)))
      await add({ id: path, source: '', properties: {}, x: [], y: undefined });
  }
  return found;
}

async function isThere(repository: Repository, tracked: Tracked, path: string): Promise<boolean> {
  const files = await filesAt(repository, tracked, path);
  return (
    files[0] !== path ||
    (await tracked.state.read(path)) !== undefined ||
    tracked.outputs.some((output) => output.path === path)
  );
}

function definitionOf(plot: Plot, { file, folder }: FoundPipeline): PlotDefinition {
  const namesFiles = plot.y.some((axis) => axis.file !== undefined);
  const id = namesFiles ? plot.id : posix.join(folder, plot.id);
  const [x] = plot.x;
  return {
    id,
    source: file,
    properties: propertiesOf(plot),
    x: plot.x.length === 1 && x?.file === undefined ? (x?.fields[0] ?? []) : fieldsOf(plot.x, folder, id),
    y: plot.y.length === 0 ? undefined : fieldsOf(plot.y, folder, id),
  };
}

function fieldsOf(axes: readonly PlotAxis[], folder: string, id: string): FieldOf[] {
  return axes.flatMap(({ file, fields }) =>
    fields.map((field) => ({ file: file === undefined ? id : posix.join(folder, file), field })),
  );
}

function ofStage(id: string, drawing: PlotDrawing): PlotDefinition {
  return {
    id,
    source: '',
    properties: propertiesOf(drawing),
    x: drawing.x ?? [],
    y: drawing.y === undefined ? undefined : [{ file: id, field: drawing.y }],
  };
}

function propertiesOf({ template, title, xLabel, yLabel, ...rest }: Omit<PlotDrawing, 'x' | 'y'>): PlotProperties {
  return {
    ...(template !== undefined && { template }),
    ...(title !== undefined && { title }),
    ...(xLabel !== undefined && { xLabel }),
    ...(yLabel !== undefined && { yLabel }),
    ...(rest.hasHeader !== undefined && { hasHeader: rest.hasHeader }),
  };
}

/** A folder stands for its files, but for those that have a definition of their own. */
async function opened(
  repository: Repository,
  tracked: Tracked,
  plot: PlotDefinition,
  others: readonly string[],
): Promise<PlotDefinition[]> {
  const isPath = plot.y === undefined || plot.y.every(({ file }) => file === plot.id);
  if (!isPath) return [plot];
  const files = await filesAt(repository, tracked, plot.id);
  if (files.length === 1 && files[0] === plot.id) return [plot];
  const isOwn = (file: string): boolean =>
    !others.some((other) => other.length > plot.id.length && (file === other || file.startsWith(`${other}/`)));
  return files.filter(isOwn).map((file) => ({
    ...plot,
    id: file,
    y: plot.y?.map(({ field }) => ({ file, field })),
  }));
}

function overridden(plot: PlotDefinition, { x, y, ...properties }: PlotOverrides): PlotDefinition {
  return {
    ...plot,
    properties: { ...plot.properties, ...properties },
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y: [{ file: plot.id, field: y }] }),
  };
}
