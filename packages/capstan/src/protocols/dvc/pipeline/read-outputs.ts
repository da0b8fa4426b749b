import { posix } from 'node:path';
import type { ParamValue, PlotDrawing, StageOutput } from '#kernel/pipeline-definition';
import type { Place } from '../text/place.ts';
import { locate, type Reach } from './project-path.ts';
import { byCodePoint } from '../text/python-text.ts';
import type { Values } from '../text/value-files.ts';

/** DVC takes `checkpoint` of older files and does nothing with it. */
const OPTIONS = ['cache', 'persist', 'remote', 'push', 'desc', 'type', 'labels', 'meta', 'checkpoint'];
const DRAWING_TEXTS = { template: 'template', x: 'x', y: 'y', xLabel: 'x_label', yLabel: 'y_label', title: 'title' };
const PLOT_OPTIONS = [...OPTIONS, ...Object.values(DRAWING_TEXTS), 'header'];

const SECTIONS = { outs: 'output', metrics: 'metrics', plots: 'plots' } as const satisfies Record<
  string,
  StageOutput['kind']
>;

/** The outputs of all three sections of a stage, sorted by path; repeated ones are one. */
export function readOutputs(filled: Values, workingDirectory: string, place: Place, reach: Reach): StageOutput[] {
  const outputs = new Map<string, StageOutput>();
  for (const [section, kind] of Object.entries(SECTIONS)) {
    if (!filled.has(section)) continue;
    const sectionPlace = place.at(section);
    for (const [index, item] of sectionPlace.asList(filled.get(section)).entries()) {
      for (const output of outputsOf(item, kind, workingDirectory, sectionPlace.at(index), reach)) {
        const before = outputs.get(output.file);
        outputs.set(output.file, before ? together(before, output) : output);
      }
    }
  }
  return [...outputs.values()].toSorted((a, b) => byCodePoint(a.path, b.path));
}

function outputsOf(
  item: ParamValue,
  kind: StageOutput['kind'],
  workingDirectory: string,
  place: Place,
  reach: Reach,
): StageOutput[] {
  const entries: readonly [string, ParamValue][] =
    item instanceof Map
      ? [...(item as Values)].map(([path, options]) => [place.asText(path), options])
      : [[place.asText(item), null]];
  return entries.map(([path, options]) => {
    const located = locate(path, workingDirectory, place, reach);
    refuseReserved(located.file, path, place);
    return { path, ...located, kind, ...optionsOf(options, kind, place.at(path)) };
  });
}

function refuseReserved(file: string, path: string, place: Place): void {
  const name = posix.basename(file);
  const isReserved = ['dvc.yaml', 'dvc.lock', '.dvcignore'].includes(name) || name.endsWith('.dvc');
  const isInReserved = file === '.' || /^\.(dvc|git)(\/|$)/.test(file);
  if (isReserved || isInReserved) throw place.error(`'${path}' cannot be an output`, 'Choose another name.');
}

function optionsOf(options: ParamValue, kind: StageOutput['kind'], place: Place) {
  let isCached = true;
  let isPersistent = false;
  let isPushed = true;
  let remote: string | undefined;
  const drawings: PlotDrawing[] = [];
  // Plots may have a list of options: one for each way of drawing the file.
  const given = kind === 'plots' && Array.isArray(options) ? (options as readonly ParamValue[]) : [options];
  for (const each of given) {
    if (each === null) continue;
    const map = place.asMap(each);
    place.refuseUnknownKeys(map, kind === 'plots' ? PLOT_OPTIONS : OPTIONS);
    if (map.has('cache')) isCached = place.at('cache').asFlag(map.get('cache'));
    if (map.has('persist')) isPersistent = place.at('persist').asFlag(map.get('persist'));
    if (map.has('push')) isPushed = place.at('push').asFlag(map.get('push'));
    if (map.has('remote')) remote = place.at('remote').asText(map.get('remote'));
    const drawing = kind === 'plots' ? drawingOf(map, place) : {};
    if (Object.keys(drawing).length > 0) drawings.push(drawing);
  }
  return {
    isCached,
    isPersistent,
    ...(!isPushed && { isPushed }),
    ...(remote !== undefined && { remote }),
    ...(drawings.length > 0 && { drawings }),
  };
}

function drawingOf(map: Values, place: Place): PlotDrawing {
  const texts = Object.entries(DRAWING_TEXTS).filter(([, key]) => map.has(key));
  return {
    ...Object.fromEntries(texts.map(([name, key]) => [name, place.at(key).asText(map.get(key))])),
    ...(map.has('header') && { hasHeader: place.at('header').asFlag(map.get('header')) }),
  };
}

function together(a: StageOutput, b: StageOutput): StageOutput {
  const kind = [a.kind, b.kind].find((each) => each !== 'output') ?? 'output';
  const drawings = [...(a.drawings ?? []), ...(b.drawings ?? [])];
  return {
    ...a,
    ...b,
    path: a.path,
    kind,
    isCached: a.isCached && b.isCached,
    isPersistent: a.isPersistent || b.isPersistent,
    ...(drawings.length > 0 && { drawings }),
  };
}
