import { posix } from 'node:path';
import type { ParamOverrides, ParamValue, Stage, StageInput, StageParams } from '#kernel/pipeline-definition';
import { withVars, type Context } from './context.ts';
import type { ValuesLoader } from './override-params.ts';
import type { Place } from '../text/place.ts';
import { locate, projectPath, type Reach } from './project-path.ts';
import { byCodePoint } from '../text/python-text.ts';
import { readOutputs } from './read-outputs.ts';
import type { StageDraft } from './expand-stages.ts';
import { interpolate, type CommandOptions, type TemplateSite } from './templating.ts';
import type { Values } from '../text/value-files.ts';

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
const PARAMS_FILE = 'params.yaml';
/** Line ends as Python's `splitlines` has them. */
const LINE_END = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/;

/** A value that an expression of a stage led to. */
export interface ValueUse {
  readonly stage: string;
  /** Dotted. */
  readonly key: string;
  readonly value: ParamValue;
  /** Files of values that were loaded for the stage, relative to the pipeline file. */
  readonly files: readonly string[];
}

interface StageSource extends StageDraft {
  readonly load: ValuesLoader;
  readonly overrides: ParamOverrides;
  readonly options: CommandOptions;
  readonly reach: Reach;
  onUse?(use: ValueUse): void;
}

/** @throws DomainError INVALID_ARGUMENT, NOT_IMPLEMENTED, as `readPipeline` */
export async function readStage(source: StageSource): Promise<Stage> {
  const { name, group, place, reach } = source;
  const written = place.asMap(source.entry);
  place.refuseUnknownKeys(written, KNOWN);
  if (!written.has('cmd')) throw place.error(`the stage '${name}' has no cmd`);

  const fill = (key: string, context: Context): ParamValue =>
    interpolate(written.get(key) ?? null, siteOf(key, context, source));
  const workingDirectory = written.has('wdir')
    ? projectPath(place.at('wdir').asText(fill('wdir', source.context)), '.', place.at('wdir'), reach)
    : '.';
  const context = await stageContext(written, workingDirectory, source);
  const filled = new Map(
    [...written.keys()]
      .filter((key) => key !== 'vars' && key !== 'meta')
      .map((key) => [key, fill(String(key), context)]),
  );

  const command = commandOf(filled.get('cmd') ?? null, place.at('cmd'));
  const inputs = pathsOf(filled, workingDirectory, place.at('deps'), reach);
  const params = paramsOf(filled, workingDirectory, place.at('params'), reach);
  const outputs = readOutputs(filled, workingDirectory, place, reach);
  const flag = (key: string) => (filled.has(key) ? place.at(key).asFlag(filled.get(key)) : false);
  return {
    name,
    ...(group !== undefined && { group }),
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
    ...(written.has('meta') && { meta: written.get('meta') ?? null }),
  };
}

async function stageContext(written: Values, workingDirectory: string, source: StageSource): Promise<Context> {
  if (!written.has('vars')) return source.context;
  const place = source.place.at('vars');
  return await withVars(source.context, place.asList(written.get('vars')), {
    load: source.load,
    workingDirectory,
    place,
    reach: source.reach,
  });
}

function siteOf(key: string, context: Context, source: StageSource): TemplateSite {
  const place = source.place.at(key);
  const site = { context: context.values, place, options: source.options };
  const tell = (used: string, value: ParamValue): void =>
    source.onUse?.({ stage: source.name, key: used, value, files: [...context.loaded.keys()] });
  if (key !== 'cmd') return { ...site, use: 'field', onUse: tell };
  const onUse = (used: string, value: ParamValue): void => {
    refuseShellCode(used, value, source, place);
    tell(used, value);
  };
  return { ...site, use: 'command', onUse };
}

/**
 * What the project's own files put into a command is the project's code. What a caller gives for a run is data: it may
 * become a word of the command, never more.
 */
function refuseShellCode(used: string, value: ParamValue, source: StageSource, place: Place): void {
  if (typeof value !== 'string' || /^[\w@%+=:,./ -]*$/.test(value)) return;
  const isOfItem = source.context.reserved?.has(used.split('.')[0] ?? '');
  const sources = isOfItem ? source.itemSources : [used];
  if (!sources.some((key) => isGiven(key, source.overrides))) return;
  throw place.error(
    `the value given for ${used} goes into a shell command and holds characters that mean something there`,
    'Use letters, digits, spaces and @%+=:,./-_ only, or change it in the project’s own files.',
  );
}

/** The value, one around it or one in it. */
function isGiven(used: string, overrides: ParamOverrides): boolean {
  const keys = Object.values(overrides).flatMap((values) => Object.keys(values));
  return keys.some((key) => key === used || used.startsWith(`${key}.`) || key.startsWith(`${used}.`));
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

function pathsOf(filled: Values, workingDirectory: string, place: Place, reach: Reach): StageInput[] {
  if (!filled.has('deps')) return [];
  const inputs = new Map<string, StageInput>();
  for (const [index, item] of place.asList(filled.get('deps')).entries()) {
    const path = place.at(index).asText(item);
    inputs.set(path, { path, ...locate(path, workingDirectory, place.at(index), reach) });
  }
  return [...inputs.values()].toSorted((a, b) => byCodePoint(a.path, b.path));
}

/** Entries are keys of params.yaml, or maps from another file to its keys; no keys stand for the whole file. */
function paramsOf(filled: Values, workingDirectory: string, place: Place, reach: Reach): StageParams[] {
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
    file: posix.normalize(projectPath(path, workingDirectory, place, reach)),
    keys,
  }));
}
