// From what files hold to points: lists of maps, wherever in a file they are, joined row by row. Pure. The rules are those
// of DVC, so that the same definitions show the same points.
import { invalid } from '#kernel/errors';
import type { ParamValue } from '#kernel/pipeline-definition';
import type { Values } from '#protocols/dvc';
import type { Datapoint, FieldOf, PlotDefinition, PlotSeries } from './model.ts';

/** By file: what it holds at one revision. */
export type FileContents = ReadonlyMap<string, ParamValue>;

export interface Points {
  readonly series: readonly PlotSeries[];
  readonly xLabel: string;
  readonly yLabel: string;
}

/** What rows are counted by where a plot names no x. */
const STEP = 'step';

/** The files that a plot reads. */
export function filesOfPlot({ id, x, y }: PlotDefinition): string[] {
  const files = [...(y ?? [{ file: id }]), ...(typeof x === 'string' ? [] : x.slice(0, 1))];
  return [...new Set(files.map(({ file }) => file))];
}

/**
 * Points of a plot at one revision.
 * @throws DomainError INVALID_ARGUMENT for a field that the data lacks, or axes that do not fit together
 */
export function pointsOf(plot: PlotDefinition, contents: FileContents, revision: string): Points {
  const rows = new Map([...contents].map(([file, content]) => [file, datapointsOf(content)]));
  const ys = plot.y ?? inferredY(plot.id, contents);
  const xs = typeof plot.x === 'string' ? ys.map(({ file }) => ({ file, field: plot.x as string })) : plot.x;
  for (const { file, field } of [...xs, ...ys]) refuseUnknownField(rows.get(file), field);
  if (xs.length > 1 && xs.length !== ys.length) {
    throw invalid(`It has ${xs.length} fields for x and ${ys.length} for y`, {
      field: plot.id,
      hint: 'Give one for x, or as many as for y.',
    });
  }
  return {
    series: ys.map((y, index) => seriesOf(y, xs.length > 1 ? xs[index] : xs[0], rows, revision)),
    xLabel: plot.properties.xLabel ?? labelOf(xs, STEP, 'x'),
    yLabel: plot.properties.yLabel ?? labelOf(ys, 'y', 'y'),
  };
}

function labelOf(fields: readonly FieldOf[], none: string, several: string): string {
  const names = new Set(fields.map(({ field }) => field));
  const [only] = names;
  return names.size > 1 ? several : (only ?? none);
}

function inferredY(file: string, contents: FileContents): FieldOf[] {
  const content = contents.get(file);
  if (content === undefined) return [];
  const list = listsIn(content).find((items) => items.length > 0 && items.every(isMap));
  const field = [...((list?.[0] as Values | undefined)?.keys() ?? [])].at(-1);
  return field === undefined ? [] : [{ file, field: String(field) }];
}

function refuseUnknownField(rows: readonly Datapoint[] | undefined, field: string): void {
  const [first] = rows ?? [];
  if (!first || first.has(field)) return;
  throw invalid(`There is no field '${field}': it has ${[...first.keys()].join(', ')}`, { field });
}

function seriesOf(
  y: FieldOf,
  x: FieldOf | undefined,
  rows: ReadonlyMap<string, readonly Datapoint[]>,
  revision: string,
): PlotSeries {
  const [values, places] = [rows.get(y.file) ?? [], x && (rows.get(x.file) ?? [])];
  if (places && places.length !== values.length) {
    throw invalid(`'${x?.field}' of ${x?.file} and '${y.field}' of ${y.file} are not of the same length`, {
      field: y.field,
    });
  }
  const points = values.flatMap((row, index) => {
    const at = x ? places?.[index]?.get(x.field) : BigInt(index);
    const value = row.get(y.field);
    return at === undefined || value === undefined ? [] : [{ x: at, y: value }];
  });
  return { revision, file: y.file, field: y.field, points };
}

/** The lists of maps with equal names that a value holds, joined row by row. */
function datapointsOf(content: ParamValue): Datapoint[] {
  const result: Map<string, ParamValue>[] = [];
  for (const list of listsIn(content)) {
    if (!isTable(list)) continue;
    for (const [index, item] of list.entries()) {
      const row = result[index] ?? new Map<string, ParamValue>();
      for (const [name, value] of item) row.set(String(name), value);
      result[index] = row;
    }
  }
  return result;
}

function listsIn(content: ParamValue): (readonly ParamValue[])[] {
  if (isList(content)) return [content];
  if (!isMap(content)) return [];
  return [...content.values()].flatMap((member) => (isList(member) || isMap(member) ? listsIn(member) : []));
}

function isTable(list: readonly ParamValue[]): list is readonly Values[] {
  const [first] = list;
  if (first === undefined || !isMap(first)) return false;
  return list.every(
    (item) => isMap(item) && item.size === first.size && [...item.keys()].every((key) => first.has(key)),
  );
}

function isList(value: ParamValue): value is readonly ParamValue[] {
  return Array.isArray(value);
}

function isMap(value: ParamValue): value is Values {
  return value instanceof Map;
}
