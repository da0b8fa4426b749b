import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { DomainError } from '#kernel/errors';
import { parseInt64, type Int64 } from '#kernel/int64';
import type {
  FileOwner,
  SourceDataset,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourceRun,
  SourceSeries,
  Texts,
  TrackingSource,
} from '#ports/tracking-source';
import { filesIn, localFolder, openFile, type ArtifactMapping } from './local-files.ts';
import {
  DELETED_STAGE,
  filesOfSource,
  lifecycleOf,
  loggedModelOfSource,
  modelStatusOf,
  runStatusOf,
  stageOf,
} from './places.ts';
import { spansInFolder } from './database-traces.ts';
import { addPoint } from './rows.ts';
import { readTrace } from './folder-traces.ts';

const RUNS_PAGE = 200;
/** Folders beside the runs of an experiment that are none. */
const NOT_RUNS = new Set(['tags', 'datasets', 'traces', 'models']);

type Meta = Readonly<Record<string, unknown>>;

/**
 * A folder of files that MLflow's file store wrote (`mlruns/`). @throws DomainError NOT_FOUND for one that is not there;
 * INVALID_ARGUMENT for one that holds no experiment
 */
export async function openFolderSource(
  root: string,
  address: string,
  mappings: readonly ArtifactMapping[],
): Promise<TrackingSource> {
  if (!existsSync(root)) throw new DomainError('NOT_FOUND', `There is no folder ${root}`, { field: 'uri' });
  const notes: string[] = [];
  const folders = await experimentFolders(root);
  if (folders.size === 0) {
    throw new DomainError('INVALID_ARGUMENT', `${root} holds no experiment of MLflow`, {
      field: 'uri',
      hint: "Give the folder that is called mlruns where nobody renamed it: it has a folder '0' with a meta.yaml.",
    });
  }
  const folderOf = (experimentId: string): string => folders.get(experimentId) ?? join(root, experimentId);

  /** Files lie beside the facts, wherever the folder was moved to; else where the URI says. */
  const filesFolder = (owner: FileOwner): string => {
    const parts = owner.artifactUri.replace(/\/+$/, '').split('/');
    const [experimentId = '', inner = ''] =
      owner.kind === 'run'
        ? [parts.at(-3), parts.at(-2)]
        : [parts.at(-4), `${owner.kind === 'trace' ? 'traces' : 'models'}/${parts.at(-2)}`];
    const beside = join(folderOf(experimentId), inner, 'artifacts');
    return existsSync(beside) ? beside : localFolder(owner.artifactUri, mappings);
  };
  const elsewhere = (artifactUri: string): string | null => {
    try {
      return localFolder(artifactUri, mappings);
    } catch {
      return null;
    }
  };
  const runFolders = async (experimentId: string): Promise<string[]> => {
    const folder = folderOf(experimentId);
    const names = await foldersIn(folder);
    return names
      .filter((name) => !NOT_RUNS.has(name) && existsSync(join(folder, name, 'meta.yaml')))
      .map((name) => join(folder, name));
  };

  return {
    address,
    kind: 'folder',
    notes,
    hasLocalFiles: true,

    async counts(experimentIds) {
      let runs = 0;
      let loggedModels = 0;
      let traces = 0;
      for (const id of experimentIds) {
        runs += (await runFolders(id)).length;
        loggedModels += (await foldersIn(join(folderOf(id), 'models'))).length;
        traces += (await foldersIn(join(folderOf(id), 'traces'))).length;
      }
      const models = await foldersIn(join(root, 'models'));
      const versions = await Promise.all(models.map((name) => foldersIn(join(root, 'models', name))));
      return {
        experiments: experimentIds.length,
        runs,
        points: null,
        loggedModels,
        registeredModels: models.length,
        modelVersions: versions.flat().filter((name) => name.startsWith('version-')).length,
        traces,
        evaluationDatasets: 0,
        scorers: 0,
      };
    },

    async experiments() {
      const all = await Promise.all([...folders].map(([, folder]) => readExperiment(folder)));
      // Their ids are too long to keep: new ones follow the order in which they were made.
      return all.toSorted((a, b) => a.createdAt - b.createdAt);
    },

    async *runs(experimentId) {
      const all = await runFolders(experimentId);
      for (let start = 0; start < all.length; start += RUNS_PAGE) {
        const page = all.slice(start, start + RUNS_PAGE);
        yield await Promise.all(page.map((folder) => readRun(folder, folderOf(experimentId), experimentId)));
      }
    },

    whole: async (run) => run,

    async *points(runs) {
      for (const run of runs) {
        const folder = join(folderOf(run.experimentId), run.id, 'metrics');
        for (const key of await keysIn(folder)) {
          const metrics = new Map<string, SourceSeries>();
          for (const line of (await readFile(join(folder, key), 'utf8')).split('\n')) {
            const [timestamp, value, step] = line.trim().split(' ');
            if (timestamp === undefined || value === undefined) continue;
            addPoint(metrics, key, int64(step), int64(timestamp), floatOf(value));
          }
          yield { runId: run.id, metrics: [...metrics.values()] };
        }
      }
    },

    async *loggedModels(experimentId) {
      const folder = join(folderOf(experimentId), 'models');
      const names = await foldersIn(folder);
      for (let start = 0; start < names.length; start += RUNS_PAGE) {
        const page = names.slice(start, start + RUNS_PAGE);
        yield await Promise.all(page.map((name) => readLoggedModel(join(folder, name), experimentId)));
      }
    },

    async *registeredModels() {
      for (const name of await foldersIn(join(root, 'models'))) {
        const folder = join(root, 'models', name);
        if (existsSync(join(folder, 'meta.yaml'))) yield await readModel(folder);
      }
    },

    async *traces(experimentId) {
      const folder = join(folderOf(experimentId), 'traces');
      const names = await foldersIn(folder);
      for (let start = 0; start < names.length; start += RUNS_PAGE) {
        const page = names.slice(start, start + RUNS_PAGE);
        const read = await Promise.all(page.map((name) => readTrace(join(folder, name), experimentId, textsIn)));
        yield read.flatMap((trace) => trace ?? []);
      }
    },

    async *spans(traces) {
      for (const trace of traces) {
        const beside = join(folderOf(trace.experimentId), 'traces', trace.id, 'artifacts');
        yield* spansInFolder(trace, existsSync(beside) ? beside : elsewhere(trace.artifactUri));
      }
    },

    // MLflow's file store has neither.
    async *evaluationDatasets() {},
    async *records() {},
    async *scorers() {},

    files: (owner) => filesIn(filesFolder(owner)),
    open: async (owner, file) => openFile(filesFolder(owner), file.path),
    async close() {},
  };
}

/** Folders by experiment id, those in the trash too. */
async function experimentFolders(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const parent of [root, join(root, '.trash')]) {
    for (const name of await foldersIn(parent)) {
      const folder = join(parent, name);
      if (name === '.trash' || (name === 'models' && parent === root)) continue;
      if (existsSync(join(folder, 'meta.yaml'))) found.set(name, folder);
    }
  }
  return found;
}

async function readExperiment(folder: string): Promise<SourceExperiment> {
  const meta = await readMeta(folder);
  const { birthtimeMs, mtimeMs } = await stat(join(folder, 'meta.yaml'));
  const createdAt = Number(meta['creation_time'] ?? Math.floor(birthtimeMs));
  return {
    id: basename(folder),
    name: text(meta['name']),
    lifecycle: lifecycleOf(text(meta['lifecycle_stage'])),
    createdAt,
    updatedAt: Number(meta['last_update_time'] ?? Math.floor(mtimeMs)),
    tags: await textsIn(join(folder, 'tags')),
  };
}

async function readRun(folder: string, experiment: string, experimentId: string): Promise<SourceRun> {
  const meta = await readMeta(folder);
  const metrics = join(folder, 'metrics');
  const sizes = await Promise.all(
    (await keysIn(metrics)).map(async (key) => [key, (await stat(join(metrics, key))).size]),
  );
  const datasets: SourceDataset[] = [];
  const modelInputs: string[] = [];
  for (const name of await foldersIn(join(folder, 'inputs'))) {
    const input = await readMeta(join(folder, 'inputs', name));
    const id = text(input['source_id']);
    if (input['source_type'] !== 'DATASET') {
      modelInputs.push(id);
      continue;
    }
    const dataset = await readMeta(join(experiment, 'datasets', id));
    datasets.push({
      name: text(dataset['name']),
      digest: text(dataset['digest']),
      sourceType: text(dataset['source_type']),
      source: text(dataset['source']),
      schema: textOrNull(dataset['schema']),
      profile: textOrNull(dataset['profile']),
      tags: Object.fromEntries(Object.entries(input['tags'] ?? {}).map(([key, value]) => [key, text(value)])),
    });
  }
  const outputs = await Promise.all(
    (await foldersIn(join(folder, 'outputs'))).map((name) => readMeta(join(folder, 'outputs', name))),
  );
  return {
    id: basename(folder),
    experimentId,
    name: text(meta['run_name'] ?? meta['name']),
    user: text(meta['user_id']),
    status: runStatusOf(typeof meta['status'] === 'number' ? meta['status'] : text(meta['status'])),
    startTime: Number(meta['start_time'] ?? 0),
    endTime: meta['end_time'] == null ? null : Number(meta['end_time']),
    lifecycle: lifecycleOf(text(meta['lifecycle_stage'])),
    params: await textsIn(join(folder, 'params')),
    tags: await textsIn(join(folder, 'tags')),
    datasets,
    modelInputs,
    modelOutputs: outputs.map((output) => ({
      modelId: text(output['destination_id']),
      step: int64(text(output['step'])),
    })),
    pointsMark: JSON.stringify(sizes),
    artifactUri: `${experimentId}/${basename(folder)}/artifacts`,
  };
}

async function readLoggedModel(folder: string, experimentId: string): Promise<SourceLoggedModel> {
  const meta = await readMeta(folder);
  const series = new Map<string, SourceLoggedModel['metrics'][number]>();
  for (const key of await keysIn(join(folder, 'metrics'))) {
    for (const line of (await readFile(join(folder, 'metrics', key), 'utf8')).split('\n')) {
      const [timestamp, value, step, runId = '', datasetName = '', datasetDigest = ''] = line.trim().split(' ');
      if (timestamp === undefined || value === undefined) continue;
      const place = JSON.stringify([key, runId, datasetName, datasetDigest]);
      let one = series.get(place);
      if (!one) {
        one = { key, runId, datasetName, datasetDigest, steps: [], timestamps: [], values: [] };
        series.set(place, one);
      }
      one.steps.push(int64(step));
      one.timestamps.push(int64(timestamp));
      one.values.push(floatOf(value));
    }
  }
  const id = basename(folder);
  return {
    id,
    experimentId,
    name: text(meta['name']),
    modelType: text(meta['model_type']),
    status: modelStatusOf(Number(meta['status'] ?? 1)),
    sourceRunId: textOrNull(meta['source_run_id']),
    lifecycle: lifecycleOf(text(meta['lifecycle_stage'])),
    createdAt: Number(meta['creation_timestamp'] ?? 0),
    updatedAt: Number(meta['last_updated_timestamp'] ?? 0),
    params: await textsIn(join(folder, 'params')),
    tags: await textsIn(join(folder, 'tags')),
    metrics: [...series.values()],
    artifactUri: `${experimentId}/models/${id}/artifacts`,
  };
}

async function readModel(folder: string): Promise<SourceModel> {
  const meta = await readMeta(folder);
  const names = (await foldersIn(folder)).filter((name) => /^version-\d+$/.test(name));
  const versions = await Promise.all(names.map((name) => readVersion(join(folder, name))));
  const aliases = Object.entries(await textsIn(join(folder, 'aliases')));
  return {
    name: text(meta['name'] ?? basename(folder)),
    description: textOrNull(meta['description']),
    createdAt: Number(meta['creation_timestamp'] ?? 0),
    updatedAt: Number(meta['last_updated_timestamp'] ?? 0),
    tags: await textsIn(join(folder, 'tags')),
    lastVersion: Math.max(0, ...versions.map(({ version }) => version.version)),
    versions: versions
      .filter(({ stage }) => stage !== DELETED_STAGE)
      .map(({ version }) => version)
      .toSorted((a, b) => a.version - b.version),
    aliases: Object.fromEntries(aliases.map(([alias, version]) => [alias, Number(version.trim())])),
  };
}

async function readVersion(folder: string): Promise<{ stage: string; version: SourceModel['versions'][number] }> {
  const meta = await readMeta(folder);
  const source = text(meta['source']);
  const runId = textOrNull(meta['run_id']);
  const loggedModelId = textOrNull(meta['model_id']) ?? loggedModelOfSource(source);
  const about = { runId, loggedModelId };
  return {
    stage: text(meta['current_stage']),
    version: {
      version: Number(meta['version']),
      source,
      files: filesOfSource(source, about) ?? filesOfSource(text(meta['storage_location']), about),
      ...about,
      runLink: textOrNull(meta['run_link']),
      description: textOrNull(meta['description']),
      stage: stageOf(text(meta['current_stage'])),
      user: text(meta['user_id']),
      createdAt: Number(meta['creation_timestamp'] ?? 0),
      updatedAt: Number(meta['last_updated_timestamp'] ?? 0),
      tags: await textsIn(join(folder, 'tags')),
    },
  };
}

async function readMeta(folder: string): Promise<Meta> {
  const content = await readFile(join(folder, 'meta.yaml'), 'utf8').catch(() => '');
  try {
    return (parse(content, { maxAliasCount: 0 }) as Meta | null) ?? {};
  } catch (cause) {
    throw new DomainError('INVALID_ARGUMENT', `${join(folder, 'meta.yaml')} is no YAML`, { field: 'uri', cause });
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/** Names of the files under a folder: a name with slashes lies in folders. */
async function keysIn(folder: string): Promise<string[]> {
  return (await filesIn(folder)).map((file) => file.path);
}

async function textsIn(folder: string): Promise<Texts> {
  const keys = await keysIn(folder);
  return Object.fromEntries(
    await Promise.all(keys.map(async (key) => [key, await readFile(join(folder, key), 'utf8')] as const)),
  );
}

/** Numbers as Python writes them: `nan`, `inf`, `1e-05`. */
function floatOf(value: string): number {
  const low = value.toLowerCase();
  if (low === 'inf' || low === 'infinity') return Infinity;
  return low === '-inf' || low === '-infinity' ? -Infinity : Number(value);
}

function int64(value: string | undefined): Int64 {
  return parseInt64(value ?? '') ?? 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function textOrNull(value: unknown): string | null {
  const read = text(value);
  return read === '' ? null : read;
}
