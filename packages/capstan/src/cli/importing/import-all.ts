// One import from start to end. It may be stopped anywhere and begun again: what is there already is not sent twice, and
// the end is the same as of one that was never stopped.
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type {
  FileOwner,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourceRun,
  TrackingSource,
} from '#ports/tracking-source';
import { bringFiles, listFiles } from './files.ts';
import { importEvaluationDatasets, importScorers } from './evaluations.ts';
import { createLanes } from './lanes.ts';
import { unlessRefused, type Import, type ImportOptions } from './one-import.ts';
import type { Progress } from './progress.ts';
import { withPlaces } from './prompt-experiments.ts';
import { createRunBatches, isRefusal, markOf, sendRuns, sentSeries, withRuns } from './runs.ts';
import type { Target } from './target.ts';
import { importTraces } from './traces.ts';

/** Pages of runs in hand at a time, and owners whose files are brought at a time. */
const PAGES_AT_ONCE = 2;
const BATCHES_AT_ONCE = 2;
const OWNERS_AT_ONCE = 4;

export async function importAll(
  source: TrackingSource,
  target: Target,
  options: ImportOptions,
  progress: Progress,
): Promise<void> {
  const experiments = chosen(await source.experiments(), options.experiments);
  const total = await source.counts(experiments.map(({ id }) => id));
  progress.tell({ event: 'started', source: source.address, total: { ...total } });
  const { address } = source;
  const { client } = target;
  if (!options.isDryRun)
    await target.call(() => client.imports.start({ body: { source: address, kind: source.kind } }));

  const { items } = await target.call(() =>
    client.imports.experiments({
      body: {
        source: address,
        isDryRun: options.isDryRun,
        experiments: experiments.map(({ id, tags, ...facts }) => ({ sourceId: id, ...facts, tags: { ...tags } })),
      },
    }),
  );
  for (const place of items) progress.tell({ event: 'experiment', ...place });
  progress.counts.experiments = items.length;

  const places = new Map(items.map(({ sourceId, id }) => [sourceId, id]));
  const one: Import = { source, target, options, progress, places };
  const brought = new Set<string>();
  for (const { id } of experiments) {
    await importRuns(one, id, brought);
    await importLoggedModels(one, id, brought);
  }
  await importModels(one, options.experiments.length > 0 ? brought : null);
  // Traces and scorers refer to what is here by now: runs, logged models, versions of prompts.
  for (const { id } of experiments) {
    await importTraces(one, id);
    await importScorers(one, id);
  }
  await importEvaluationDatasets(one);

  for (const text of source.notes) progress.tell({ event: 'note', text });
  if (options.isDryRun) return;
  const { refused } = progress;
  await target.call(() =>
    client.imports.finish({ body: { source: address, counts: { ...progress.counts }, refused } }),
  );
}

/** @throws DomainError INVALID_ARGUMENT for a name that no experiment has */
function chosen(all: readonly SourceExperiment[], wanted: readonly string[]): readonly SourceExperiment[] {
  if (wanted.length === 0) return all;
  return wanted.map((name) => {
    const found = all.find((one) => one.name === name) ?? all.find((one) => one.id === name);
    if (found) return found;
    const names = all.map((one) => one.name);
    const close = nearest(name, names);
    throw invalid(`The source has no experiment '${name}'`, {
      field: 'experiment',
      hint: close === undefined ? `It has ${names.slice(0, 20).join(', ')}.` : `Did you mean '${close}'?`,
    });
  });
}

async function importRuns(one: Import, experimentId: string, brought: Set<string>): Promise<void> {
  const pages = createLanes(PAGES_AT_ONCE);
  for await (const page of one.source.runs(experimentId)) {
    for (const run of page) brought.add(run.id);
    await pages.add(() => importPage(one, page));
  }
  await pages.drain();
}

async function importPage(one: Import, page: readonly SourceRun[]): Promise<void> {
  const { source, target, options, progress, places } = one;
  const owners = page.map((run): Owned<SourceRun> => ({ object: run, owner: ownerOf('run', run) }));
  const pending = await pendingOf(one, 'run', owners);
  progress.counts.unchangedRuns += page.length - pending.length;
  progress.moved();
  if (options.isDryRun) {
    progress.counts.runs += pending.length;
    return;
  }
  const refused = new Set<string>();
  const sending = createLanes(BATCHES_AT_ONCE);
  const batches = createRunBatches(
    (id) => places.get(id) ?? id,
    (runs) =>
      sending.add(async () => {
        for (const id of await sendRuns(target, source.address, runs, progress)) refused.add(id);
      }),
  );
  const runs: SourceRun[] = [];
  for (let start = 0; start < pending.length; start += OWNERS_AT_ONCE) {
    const part = pending.slice(start, start + OWNERS_AT_ONCE);
    runs.push(...(await Promise.all(part.map(({ object }) => source.whole(object)))));
  }
  for await (const { run, metrics } of withRuns(runs, source.points(runs))) await batches.add(run, metrics);
  await batches.flush();
  await sending.drain();
  const stored = pending.filter(({ object }) => !refused.has(object.id));
  await finish(one, 'run', stored);
  progress.counts.runs += stored.length;
  progress.moved();
}

async function importLoggedModels(one: Import, experimentId: string, brought: Set<string>): Promise<void> {
  const { source, target, options, progress, places } = one;
  for await (const page of source.loggedModels(experimentId)) {
    for (const model of page) brought.add(model.id);
    const owners = page.map((model): Owned<SourceLoggedModel> => ({
      object: model,
      owner: ownerOf('logged-model', model),
    }));
    const pending = await pendingOf(one, 'logged-model', owners);
    const stored: typeof pending = [];
    for (const item of pending) {
      if (!options.isDryRun && !(await sendLoggedModel(target, source, places, item.object, progress))) continue;
      stored.push(item);
      progress.counts.loggedModels += 1;
      progress.moved();
    }
    if (!options.isDryRun) await finish(one, 'logged-model', stored);
  }
}

async function sendLoggedModel(
  target: Target,
  source: TrackingSource,
  places: ReadonlyMap<string, string>,
  model: SourceLoggedModel,
  progress: Progress,
): Promise<boolean> {
  const { artifactUri: _uri, experimentId, metrics, params, tags, ...facts } = model;
  const sent = {
    ...facts,
    experimentId: places.get(experimentId) ?? experimentId,
    params: { ...params },
    tags: { ...tags },
    metrics: metrics.map(({ runId, datasetName, datasetDigest, ...series }) => ({
      ...sentSeries(series),
      runId,
      datasetName,
      datasetDigest,
    })),
  };
  return await unlessRefused(progress, `logged model ${model.id}`, () =>
    target.call(() => target.client.imports.loggedModels({ body: { source: source.address, models: [sent] } })),
  );
}

/** @param only ids of runs and logged models: then a registered model comes along that has a version of one of them */
async function importModels(one: Import, only: ReadonlySet<string> | null): Promise<void> {
  const { source, target, options, progress } = one;
  for await (const model of source.registeredModels()) {
    if (
      only &&
      !model.versions.some((version) => only.has(version.runId ?? '') || only.has(version.loggedModelId ?? ''))
    )
      continue;
    const mark = { id: markOf(model.name), mark: markOf(model) };
    const { ids } = await target.call(() =>
      target.client.imports.pending({ body: { source: source.address, kind: 'registered-model', items: [mark] } }),
    );
    if (ids.length === 0) continue;
    const isTaken = await unlessRefused(progress, `registered model ${model.name}`, () => sendModel(one, model));
    if (!isTaken) continue;
    progress.counts.registeredModels += 1;
    progress.moved();
    if (options.isDryRun) continue;
    await target.call(() =>
      target.client.imports.done({ body: { source: source.address, kind: 'registered-model', items: [mark] } }),
    );
  }
}

async function sendModel({ source, target, options, progress, places }: Import, model: SourceModel): Promise<void> {
  const { versions, aliases, tags, ...facts } = model;
  const send = (withFiles: boolean) =>
    target.call(() =>
      target.client.imports.registeredModel({
        body: {
          source: source.address,
          isDryRun: options.isDryRun,
          model: {
            ...facts,
            tags: withPlaces(tags, places),
            aliases: { ...aliases },
            versions: versions.map((version) => ({
              ...version,
              tags: { ...version.tags },
              files: withFiles ? version.files : null,
            })),
          },
        },
      }),
    );
  const { clashes, added, changed } = await send(true).catch((error: unknown) => {
    // The run or model whose files a version stands for may be gone for good: the version is still one.
    if (!isRefusal(error) || error.problem.code !== 'NOT_FOUND') throw error;
    progress.tell({ event: 'note', text: `Versions of ${model.name} come without files: ${error.problem.detail}.` });
    return send(false);
  });
  progress.counts.modelVersions += added + changed;
  for (const version of clashes) {
    progress.tell({
      event: 'refused',
      what: `version ${version} of ${model.name}`,
      reason: 'a version of that number is here that is another one',
    });
  }
}

interface Owned<Item> {
  readonly object: Item;
  readonly owner: FileOwner;
}

interface Pending<Item> extends Owned<Item> {
  readonly files: Awaited<ReturnType<typeof listFiles>>;
  readonly mark: string;
}

function ownerOf(kind: FileOwner['kind'], { id, artifactUri }: { id: string; artifactUri: string }): FileOwner {
  return { kind, id, artifactUri };
}

/** Those that are not here as they are at the source, with their files where those are brought. */
async function pendingOf<Item extends { readonly id: string }>(
  one: Import,
  kind: FileOwner['kind'],
  items: readonly Owned<Item>[],
): Promise<Pending<Item>[]> {
  const { source, target, options, progress } = one;
  const wantsFiles = options.hasFiles && !options.isDryRun;
  // Files here are listed at once and are part of what a run is; those of a server are asked for only where it changed.
  const isListed = wantsFiles && source.hasLocalFiles;
  const listed: Pending<Item>[] = [];
  for (const item of items) {
    const files = isListed ? await listFiles(source, item.owner, progress) : null;
    listed.push({ ...item, files, mark: markOf([item.object, wantsFiles, files]) });
  }
  const { ids } = await target.call(() =>
    target.client.imports.pending({
      body: {
        source: source.address,
        kind,
        items: listed.map(({ object, mark }) => ({ id: object.id, mark })),
      },
    }),
  );
  const wanted = new Set(ids);
  return listed.filter(({ object }) => wanted.has(object.id));
}

/** Brings the files of what is stored, then remembers what is here whole. */
async function finish<Item extends { readonly id: string }>(
  { source, target, options, progress }: Import,
  kind: FileOwner['kind'],
  stored: readonly Pending<Item>[],
): Promise<void> {
  const whole: { id: string; mark: string }[] = [];
  const lanes = createLanes(OWNERS_AT_ONCE);
  for (const { object, owner, files, mark } of stored) {
    await lanes.add(async () => {
      const all = !options.hasFiles ? [] : source.hasLocalFiles ? files : await listFiles(source, owner, progress);
      if (all && (await bringFiles(source, target, owner, all, progress))) whole.push({ id: object.id, mark });
    });
  }
  await lanes.drain();
  if (whole.length === 0) return;
  await target.call(() => target.client.imports.done({ body: { source: source.address, kind, items: whole } }));
}
