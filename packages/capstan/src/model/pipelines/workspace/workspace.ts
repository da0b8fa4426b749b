import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PipelineRunInput } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import { copyCode } from './copy-code.ts';
import type { ParamOverrides, PipelineDefinition } from '#kernel/pipeline-definition';
import type { PipelinesDeps } from '../deps.ts';
import { pathsMeet } from '#kernel/path-graph';
import { filesRead } from '#kernel/stage-graph';
import { datasetFolder, datasetPath } from '../model.ts';

/** Written last: a workspace without it was not finished and is made anew. */
const DONE_FILE = '.capstan-workspace.json';

const doneFile = z.strictObject({
  codeDigest: z.string(),
  // Null: the dataset holds nothing before the cut-off, and its folder is empty.
  used: z.record(z.string(), z.strictObject({ versionId: z.string(), number: z.int(), digest: z.string() }).nullable()),
});

/** A folder where a run's stages work: the project's code as it was, and its datasets. */
export interface Workspace {
  readonly folder: string;
  readonly codeDigest: string;
  readonly inputs: readonly PipelineRunInput[];
}

export interface WorkspaceSpec {
  readonly runId: string;
  /** Gives a folder with the project's files: its own, or one with a commit of it. Asked once, for a new workspace. */
  withCode(use: (folder: string) => Promise<void>): Promise<void>;
  /** Declared path by dataset. */
  readonly declaredPaths: ReadonlyMap<string, string>;
  readonly inputs: readonly PipelineRunInput[];
  /** Datasets that may be empty: those made of predictions. */
  readonly optional: ReadonlySet<string>;
  readonly overrides: ParamOverrides;
  readonly cutoff: number | undefined;
  readonly cause: Cause;
}

/**
 * Makes a run's workspace, or finds the one made before the server went away: a run goes on with the code it began with.
 * @throws DomainError as datasets and the format do
 */
export async function prepareWorkspace(deps: PipelinesDeps, spec: WorkspaceSpec): Promise<Workspace> {
  const folder = workspaceFolder(deps, spec.runId);
  const done = await readDone(folder);
  if (done) {
    return {
      folder,
      codeDigest: done.codeDigest,
      inputs: spec.inputs.map((input) => ({ ...input, used: done.used[input.dataset] ?? null })),
    };
  }
  await rm(folder, { recursive: true, force: true });
  await spec.withCode(async (from) => {
    const { stages } = await deps.format.read(from, spec.overrides);
    // A frozen stage may have outputs that only the project's folder holds.
    const outputs = stages
      .filter((stage) => !stage.isFrozen)
      .flatMap((stage) => stage.outputs.filter((output) => !output.isPersistent));
    const without = [...outputs.map((output) => output.file), ...spec.inputs.map((input) => input.path)];
    await copyCode({ from, to: folder, without, dataFolder: deps.folders.data });
  });
  await deps.format.overrideParams(folder, spec.overrides);
  const code = await deps.format.hash(folder, new Map());
  const inputs: PipelineRunInput[] = [];
  for (const input of spec.inputs) inputs.push(await materialise(deps, spec, folder, input));
  // Where there is nothing to see yet there is an empty folder, so that a stage can name it all the same.
  for (const path of spec.declaredPaths.values()) {
    if (datasetPath(path) === datasetFolder(path)) await mkdir(join(folder, datasetFolder(path)), { recursive: true });
  }
  await deps.format.adopt(folder);
  const used = Object.fromEntries(inputs.map((input) => [input.dataset, input.used]));
  const file = join(folder, DONE_FILE);
  await writeFile(`${file}.new`, JSON.stringify({ codeDigest: code.hash.md5, used }));
  await rename(`${file}.new`, file);
  return { folder, codeDigest: code.hash.md5, inputs };
}

export function workspaceFolder(deps: Pick<PipelinesDeps, 'folders'>, runId: string): string {
  return join(deps.folders.workspaces, runId);
}

async function readDone(folder: string): Promise<z.output<typeof doneFile> | undefined> {
  const file = join(folder, DONE_FILE);
  return existsSync(file) ? doneFile.parse(JSON.parse(await readFile(file, 'utf8'))) : undefined;
}

/** The platform cuts training data, not trust in the stages: they never see a row of the cut-off or later. */
async function materialise(
  deps: PipelinesDeps,
  spec: WorkspaceSpec,
  folder: string,
  input: PipelineRunInput,
): Promise<PipelineRunInput> {
  const version = await deps.datasets.get(input.versionId);
  if (spec.cutoff !== undefined && spec.optional.has(input.dataset) && (version.eventTime?.min ?? 0) >= spec.cutoff)
    return input;
  const isPast = spec.cutoff !== undefined && version.eventTime !== null && version.eventTime.max >= spec.cutoff;
  const used =
    isPast && spec.cutoff !== undefined ? await deps.datasets.cutBefore(version, spec.cutoff, spec.cause) : version;
  const target = join(folder, datasetFolder(spec.declaredPaths.get(input.dataset) ?? input.path));
  await mkdir(target, { recursive: true });
  await deps.datasets.materialise(used.id, target);
  return { ...input, used: { versionId: used.id, number: used.number, digest: used.digest } };
}

/** @throws DomainError CONFLICT naming the first path that a stage reads and nothing provides */
export function refuseMissingInputs(folder: string, definition: PipelineDefinition): void {
  const outputs = definition.stages.flatMap((stage) => stage.outputs);
  for (const stage of definition.stages) {
    if (stage.isFrozen) continue;
    for (const file of filesRead(stage)) {
      if (existsSync(join(folder, file)) || outputs.some((output) => pathsMeet(output.file, file))) continue;
      throw conflict(`The stage '${stage.name}' reads '${file}', which neither the project nor a stage provides`, {
        field: `stages.${stage.name}.deps`,
        hint: /^data(\/|$)/.test(file)
          ? 'Data comes as dataset versions: declare it under datasets in capstan.yaml and register its files.'
          : 'Add the file to the project, or correct the path.',
      });
    }
  }
}
