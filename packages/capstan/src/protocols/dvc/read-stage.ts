import { posix } from 'node:path';
import type { ParamOverrides, ParamValue, Stage, StageInput, StageParams } from '#model/pipelines';
import { withVars, type Context } from './context.ts';
import type { ValuesLoader } from './override-params.ts';
import type { Place } from './place.ts';
import { projectPath } from './project-path.ts';
import { byCodePoint } from './python-text.ts';
import { readOutputs } from './read-outputs.ts';
import { interpolate, type TemplateSite } from './templating.ts';
import type { Values } from './value-files.ts';

const KNOWN = [
  'cmd',
  'wdir',
  'deps',
  'params',
  'outs',
  'metrics',
  'plots',
  'vars',
  'desc',
  'meta',
  'frozen',
  'always_changed',
];
const LATER = ['foreach', 'do', 'matrix'];
const PARAMS_FILE = 'params.yaml';
/** Line ends as Python's `splitlines` has them. */
const LINE_END = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/;

interface StageSource {
  readonly name: string;
  readonly entry: ParamValue;
  readonly place: Place;
  readonly load: ValuesLoader;
  readonly context: Context;
  readonly overrides: ParamOverrides;
}

/** @throws DomainError INVALID_ARGUMENT, NOT_IMPLEMENTED, as `readPipeline` */
export async function readStage(source: StageSource): Promise<Stage> {
  const { name, place } = source;
  const written = place.asMap(source.entry);
  place.refuseUnknownKeys(written, KNOWN, LATER);
  if (!written.has('cmd')) throw place.error(`the stage '${name}' has no cmd`);

  const fill = (key: string, context: Context): ParamValue =>
    interpolate(written.get(key) ?? null, siteOf(key, context, source));
  const workingDirectory = written.has('wdir')
    ? projectPath(place.at('wdir').asText(fill('wdir', source.context)), '.', place.at('wdir'))
    : '.';
  const context = await stageContext(written, workingDirectory, source);
  const filled = new Map(
    [...written.keys()]
      .filter((key) => key !== 'vars' && key !== 'meta')
      .map((key) => [key, fill(String(key), context)]),
  );

  const command = commandOf(filled.get('cmd') ?? null, place.at('cmd'));
  const inputs = pathsOf(filled, workingDirectory, place.at('deps'));
  const params = paramsOf(filled, workingDirectory, place.at('params'));
  const outputs = readOutputs(filled, workingDirectory, place);
  const flag = (key: string) => (filled.has(key) ? place.at(key).asFlag(filled.get(key)) : false);
  return {
    name,
    description: filled.has('desc') ? place.at('desc').asText(filled.get('desc')) : undefined,
    command,
    lines: linesOf(command),
    workingDirectory,
    inputs,
    params,
    outputs,
    metricsFiles: [],
    isFrozen: flag('frozen'),
    isAlwaysRun: flag('always_changed') || inputs.length + params.length + outputs.length === 0,
  };
}

async function stageContext(written: Values, workingDirectory: string, source: StageSource): Promise<Context> {
  if (!written.has('vars')) return source.context;
  const place = source.place.at('vars');
  return await withVars(source.context, place.asList(written.get('vars')), {
    load: source.load,
    workingDirectory,
    place,
  });
}

function siteOf(key: string, context: Context, source: StageSource): TemplateSite {
  const place = source.place.at(key);
  if (key !== 'cmd') return { context: context.values, place: place.text, isCommand: false };
  return {
    context: context.values,
    place: place.text,
    isCommand: true,
    onUse: (used, value) => refuseShellCode(used, value, source.overrides, place),
  };
}

/**
 * What the project's own files put into a command is the project's code. What a caller gives for a run is data: it may
 * become a word of the command, never more.
 */
function refuseShellCode(used: string, value: ParamValue, overrides: ParamOverrides, place: Place): void {
  if (typeof value !== 'string' || /^[\w@%+=:,./ -]*$/.test(value)) return;
  const isGiven = Object.values(overrides).some((values) =>
    Object.keys(values).some((key) => key === used || used.startsWith(`${key}.`)),
  );
  if (!isGiven) return;
  throw place.error(
    `the value given for ${used} goes into a shell command and holds characters that mean something there`,
    'Use letters, digits, spaces and @%+=:,./-_ only, or change it in the project’s own files.',
  );
}

function commandOf(value: ParamValue, place: Place): string | readonly string[] {
  const command = Array.isArray(value)
    ? (value as readonly ParamValue[]).map((item, index) => place.at(index).asText(item))
    : place.asText(value);
  if (linesOf(command).length === 0) throw place.error('cmd is empty');
  return command;
}

/** Each line of a text, or each item of a list, is a command of its own, as dvc runs them. Blank ones do nothing. */
function linesOf(command: string | readonly string[]): string[] {
  const lines = typeof command === 'string' ? command.split(LINE_END) : command;
  return lines.filter((line) => line.trim() !== '');
}

function pathsOf(filled: Values, workingDirectory: string, place: Place): StageInput[] {
  if (!filled.has('deps')) return [];
  const inputs = new Map<string, StageInput>();
  for (const [index, item] of place.asList(filled.get('deps')).entries()) {
    const path = place.at(index).asText(item);
    inputs.set(path, { path, file: projectPath(path, workingDirectory, place.at(index)) });
  }
  return [...inputs.values()].toSorted((a, b) => byCodePoint(a.path, b.path));
}

/** Entries are keys of params.yaml, or maps from another file to its keys; no keys stand for the whole file. */
function paramsOf(filled: Values, workingDirectory: string, place: Place): StageParams[] {
  if (!filled.has('params')) return [];
  const files = new Map<string, string[] | null>();
  const add = (file: string, keys: readonly string[]) => {
    const before = files.get(file);
    if (before === null || keys.length === 0) files.set(file, null);
    else files.set(file, [...(before ?? []), ...keys.filter((key) => !before?.includes(key))]);
  };
  for (const [index, item] of place.asList(filled.get('params')).entries()) {
    const itemPlace = place.at(index);
    if (!(item instanceof Map)) {
      add(PARAMS_FILE, [itemPlace.asText(item)]);
      continue;
    }
    for (const [file, keys] of item as Values) {
      const keysPlace = itemPlace.at(String(file));
      add(
        itemPlace.asText(file),
        keys === null ? [] : keysPlace.asList(keys).map((key, at) => keysPlace.at(at).asText(key)),
      );
    }
  }
  return [...files].map(([path, keys]) => ({
    path,
    file: posix.normalize(projectPath(path, workingDirectory, place)),
    keys,
  }));
}
