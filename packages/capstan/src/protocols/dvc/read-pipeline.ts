import { join } from 'node:path';
import type { ParamOverrides, PipelineDefinition, Stage, StageOutput } from '#model/pipelines';
import { defaultContext, withVars, type Context } from './context.ts';
import { valuesLoader, type ValuesLoader } from './override-params.ts';
import { Place } from './place.ts';
import { projectPath } from './project-path.ts';
import { readStage } from './read-stage.ts';
import { readText, type Values } from './value-files.ts';
import { readYaml } from './yaml-text.ts';

export const PIPELINE_FILE = 'dvc.yaml';

/** `params` at the top only tells dvc which files to show: no stage depends on them by it. */
const KNOWN = ['stages', 'vars', 'params', 'metrics'];
const LATER = ['plots', 'artifacts', 'datasets'];

/**
 * Reads dvc.yaml (format of DVC 3) with its templating.
 * @throws DomainError INVALID_ARGUMENT naming `dvc.yaml:line:column`; NOT_IMPLEMENTED naming the key not offered yet
 */
export async function readPipeline(folder: string, overrides: ParamOverrides): Promise<PipelineDefinition> {
  const yaml = readYaml(await readText(join(folder, PIPELINE_FILE), PIPELINE_FILE), PIPELINE_FILE);
  const place = new Place(yaml);
  const top = place.asMap(yaml.value);
  place.refuseUnknownKeys(top, KNOWN, LATER);

  const load = await valuesLoader(folder, overrides);
  const context = await topContext(folder, load, top, place);
  const stages: Stage[] = [];
  const stagesPlace = place.at('stages');
  for (const [name, entry] of stagesPlace.asMap(top.get('stages') ?? new Map())) {
    const stagePlace = stagesPlace.at(String(name));
    if (typeof name !== 'string' || name === '' || /\p{Cc}/u.test(name)) {
      throw stagePlace.error('a stage’s name must be text in one line', 'Quote it.');
    }
    stages.push(await readStage({ name, entry, place: stagePlace, load, context, overrides }));
  }
  if (stages.length === 0) {
    throw place.error('there are no stages', 'Write at least one under stages:, with a cmd.');
  }
  return { stages: withTopMetrics(stages, metricsPaths(top, place)) };
}

async function topContext(folder: string, load: ValuesLoader, top: Values, place: Place): Promise<Context> {
  const varsPlace = place.at('vars');
  const vars = top.has('vars') ? varsPlace.asList(top.get('vars')) : [];
  return await withVars(await defaultContext(folder, load), vars, { load, workingDirectory: '.', place: varsPlace });
}

function metricsPaths(top: Values, place: Place): { path: string; place: Place }[] {
  if (!top.has('metrics')) return [];
  const listPlace = place.at('metrics');
  return listPlace.asList(top.get('metrics')).map((item, index) => {
    const itemPlace = listPlace.at(index);
    return { path: projectPath(itemPlace.asText(item), '.', itemPlace), place: itemPlace };
  });
}

/** A path listed under the top `metrics` is a metrics file of the stage that writes it. */
function withTopMetrics(stages: readonly Stage[], paths: readonly { path: string; place: Place }[]): Stage[] {
  let result = [...stages];
  for (const { path, place } of paths) {
    const writes = (output: StageOutput) => output.file === path || path.startsWith(`${output.file}/`);
    const writer = result.find((stage) => stage.outputs.some(writes));
    if (!writer) throw place.error(`no stage writes '${path}'`, 'Name it under the outs of a stage.');
    const isListed = writer.outputs.some((output) => output.file === path && output.kind === 'metrics');
    if (isListed || writer.metricsFiles.includes(path)) continue;
    result = result.map((stage) =>
      stage === writer ? { ...stage, metricsFiles: [...stage.metricsFiles, path] } : stage,
    );
  }
  return result;
}
