import { posix } from 'node:path';
import type { ParamValue, StageOutput } from '#model/pipelines';
import type { Place } from './place.ts';
import { projectPath } from './project-path.ts';
import { byCodePoint } from './python-text.ts';
import type { Values } from './value-files.ts';

/** `remote` and `push` tell `dvc push` where to; the others are annotations. None changes how a stage runs. */
const OPTIONS = ['cache', 'persist', 'remote', 'push', 'desc', 'type', 'labels', 'meta'];
const PLOT_OPTIONS = [...OPTIONS, 'template', 'x', 'y', 'x_label', 'y_label', 'title', 'header'];
const LATER = ['checkpoint'];

const SECTIONS = { outs: 'output', metrics: 'metrics', plots: 'plots' } as const satisfies Record<
  string,
  StageOutput['kind']
>;

/** The outputs of all three sections of a stage, sorted by path; repeated ones are one. */
export function readOutputs(filled: Values, workingDirectory: string, place: Place): StageOutput[] {
  const outputs = new Map<string, StageOutput>();
  for (const [section, kind] of Object.entries(SECTIONS)) {
    if (!filled.has(section)) continue;
    const sectionPlace = place.at(section);
    for (const [index, item] of sectionPlace.asList(filled.get(section)).entries()) {
      for (const output of outputsOf(item, kind, workingDirectory, sectionPlace.at(index))) {
        const before = outputs.get(output.file);
        outputs.set(output.file, before ? together(before, output) : output);
      }
    }
  }
  return [...outputs.values()].toSorted((a, b) => byCodePoint(a.path, b.path));
}

function outputsOf(item: ParamValue, kind: StageOutput['kind'], workingDirectory: string, place: Place): StageOutput[] {
  const entries: readonly [string, ParamValue][] =
    item instanceof Map
      ? [...(item as Values)].map(([path, options]) => [place.asText(path), options])
      : [[place.asText(item), null]];
  return entries.map(([path, options]) => {
    const file = projectPath(path, workingDirectory, place);
    refuseReserved(file, path, place);
    return { path, file, kind, ...flagsOf(options, kind, place.at(path)) };
  });
}

function refuseReserved(file: string, path: string, place: Place): void {
  const name = posix.basename(file);
  const isReserved = ['dvc.yaml', 'dvc.lock', '.dvcignore'].includes(name) || name.endsWith('.dvc');
  const isInReserved = file === '.' || /^\.(dvc|git)(\/|$)/.test(file);
  if (isReserved || isInReserved) throw place.error(`'${path}' cannot be an output`, 'Choose another name.');
}

function flagsOf(options: ParamValue, kind: StageOutput['kind'], place: Place) {
  let isCached = true;
  let isPersistent = false;
  // Plots may have a list of options: one for each way of drawing the file.
  const given = kind === 'plots' && Array.isArray(options) ? (options as readonly ParamValue[]) : [options];
  for (const each of given) {
    if (each === null) continue;
    const map = place.asMap(each);
    place.refuseUnknownKeys(map, kind === 'plots' ? PLOT_OPTIONS : OPTIONS, LATER);
    if (map.has('cache')) isCached = place.at('cache').asFlag(map.get('cache'));
    if (map.has('persist')) isPersistent = place.at('persist').asFlag(map.get('persist'));
  }
  return { isCached, isPersistent };
}

function together(a: StageOutput, b: StageOutput): StageOutput {
  const kind = [a.kind, b.kind].find((each) => each !== 'output') ?? 'output';
  return { ...a, kind, isCached: a.isCached && b.isCached, isPersistent: a.isPersistent || b.isPersistent };
}
