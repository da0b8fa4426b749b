import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { ParamOverrides, PipelineDefinition, Stage, StageInput, StageOutput } from '#kernel/pipeline-definition';
import { defaultContext, withVars, type Context } from './context.ts';
import { expandStages } from './expand-stages.ts';
import { valuesLoader, type ValuesLoader } from './override-params.ts';
import { Place } from '../text/place.ts';
import { PROJECT_ONLY, type Reach } from './project-path.ts';
import { readSections } from './read-sections.ts';
import { readStage, type ValueUse } from './read-stage.ts';
import { DEFAULT_COMMAND_OPTIONS, type CommandOptions } from './templating.ts';
import { readText, readValuesOf, type Values } from '../text/value-files.ts';
import { readYaml } from '../text/yaml-text.ts';

export const PIPELINE_FILE = 'dvc.yaml';

const KNOWN = ['stages', 'vars', 'params', 'metrics', 'plots', 'artifacts', 'datasets'];

/** Where the files around a pipeline file are read from; paths are relative to its folder. */
export interface PipelineFiles {
  /** Text of a file; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  /** For messages. */
  nameOf(file: string): string;
}

/** A pipeline file in a checkout, or in another state of the repository. */
export interface PipelineSource {
  /** Folder of the file on this machine, or what reads its files elsewhere. */
  readonly folder: string | PipelineFiles;
  /** The file's path for messages; default `dvc.yaml`. */
  readonly shownAs?: string;
  /** How many folders above the file's own belong to the repository. */
  readonly foldersAbove: number;
  /** The repository's settings for maps in commands. */
  readonly parsing?: CommandOptions;
  /** Called for each value that a stage's fields use, with the files that its values come from. */
  onUse?(use: ValueUse): void;
}

/**
 * Reads dvc.yaml (format of DVC 3) in a checkout, with its templating. Paths are relative to the file's folder and may
 * lead above it; addresses and paths out of the repository are kept and marked.
 * @throws DomainError INVALID_ARGUMENT naming `dvc.yaml:line:column`
 */
export async function readPipelineFile(source: PipelineSource): Promise<PipelineDefinition> {
  const { folder, shownAs = PIPELINE_FILE, foldersAbove, parsing = DEFAULT_COMMAND_OPTIONS, onUse } = source;
  const files = typeof folder === 'string' ? filesIn(folder) : folder;
  const load: ValuesLoader = async (file) => readValuesOf(await textOf(files, file), files.nameOf(file));
  return await read({ files, load, shownAs, ...(onUse && { onUse }) }, {}, { foldersAbove, outside: 'kept' }, parsing);
}

function filesIn(folder: string): PipelineFiles {
  return {
    async read(file) {
      return existsSync(join(folder, file)) ? await readText(join(folder, file), file) : undefined;
    },
    nameOf: (file) => file,
  };
}

async function textOf(files: PipelineFiles, file: string): Promise<string> {
  const text = await files.read(file);
  if (text !== undefined) return text;
  const name = files.nameOf(file);
  throw invalid(`${name} cannot be read: there is no such file`, { field: name });
}

/**
 * Reads the pipeline of a project that is run in a copy of its folder: nothing outside of that can be named, and a
 * metrics file must be one that a stage writes.
 * @throws DomainError INVALID_ARGUMENT naming `dvc.yaml:line:column`; NOT_IMPLEMENTED naming the key not offered yet
 */
export async function readPipeline(folder: string, overrides: ParamOverrides): Promise<PipelineDefinition> {
  const source = { files: filesIn(folder), load: await valuesLoader(folder, overrides), shownAs: PIPELINE_FILE };
  const definition = await read(source, overrides, PROJECT_ONLY, DEFAULT_COMMAND_OPTIONS);
  if (definition.stages.length > 0) return definition;
  throw new DomainError('INVALID_ARGUMENT', `${PIPELINE_FILE}:1:1: there are no stages`, {
    field: `${PIPELINE_FILE}:1:1`,
    hint: 'Write at least one under stages:, with a cmd.',
  });
}

interface Source {
  readonly files: PipelineFiles;
  readonly load: ValuesLoader;
  readonly shownAs: string;
  onUse?(use: ValueUse): void;
}

async function read(
  source: Source,
  overrides: ParamOverrides,
  reach: Reach,
  options: CommandOptions,
): Promise<PipelineDefinition> {
  const { files, load, shownAs, onUse } = source;
  const place = new Place(readYaml(await textOf({ ...files, nameOf: () => shownAs }, PIPELINE_FILE), shownAs));
  const top = place.asMap(place.value);
  place.refuseUnknownKeys(top, KNOWN);
  const context = await topContext(source, top, place, reach);
  const stages = new Map<string, Stage>();
  const stagesPlace = place.at('stages');
  for (const [name, entry] of stagesPlace.asMap(top.get('stages') ?? new Map())) {
    const stagePlace = stagesPlace.at(String(name));
    if (typeof name !== 'string') throw stagePlace.error('a stage’s name must be text', 'Quote it.');
    for (const draft of expandStages(name, entry, stagePlace, context, options)) {
      refuseName(draft.name, stages, stagePlace);
      stages.set(draft.name, await readStage({ ...draft, load, overrides, options, reach, ...(onUse && { onUse }) }));
    }
  }
  const sections = readSections({ top, place, context: context.values, options, reach });
  const metricsPlace = place.at('metrics');
  return { ...sections, stages: withTopMetrics([...stages.values()], sections.metrics, metricsPlace, reach) };
}

function refuseName(name: string, stages: ReadonlyMap<string, Stage>, place: Place): void {
  if (name === '' || /\p{Cc}/u.test(name)) throw place.error('a stage’s name must be text in one line', 'Quote it.');
  if (stages.has(name)) throw place.error(`there are two stages named '${name}'`);
}

async function topContext({ files, load }: Source, top: Values, place: Place, reach: Reach): Promise<Context> {
  const hasFile = async (file: string): Promise<boolean> => (await files.read(file)) !== undefined;
  const varsPlace = place.at('vars');
  const vars = top.has('vars') ? varsPlace.asList(top.get('vars')) : [];
  const site = { load, workingDirectory: '.', place: varsPlace, reach };
  return await withVars(await defaultContext(hasFile, load), vars, site);
}

/** A path listed under the top `metrics` is a metrics file of the stage that writes it. */
function withTopMetrics(
  stages: readonly Stage[],
  metrics: readonly StageInput[],
  place: Place,
  reach: Reach,
): readonly Stage[] {
  let result = stages;
  for (const [index, { path, file }] of metrics.entries()) {
    const writes = (output: StageOutput) => output.file === file || file.startsWith(`${output.file}/`);
    const writer = result.find((stage) => stage.outputs.some(writes));
    if (!writer) {
      if (reach.outside === 'kept') continue;
      throw place.at(index).error(`no stage writes '${path}'`, 'Name it under the outs of a stage.');
    }
    const isListed = writer.outputs.some((output) => output.file === file && output.kind === 'metrics');
    if (isListed || writer.metricsFiles.includes(file)) continue;
    result = result.map((stage) =>
      stage === writer ? { ...stage, metricsFiles: [...stage.metricsFiles, file] } : stage,
    );
  }
  return result;
}
