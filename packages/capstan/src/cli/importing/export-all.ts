import type { FileOwner, TrackingSource } from '#ports/tracking-source';
import type { TrackingSink } from '#ports/tracking-sink';
import { createLanes } from './lanes.ts';
import type { Progress } from './progress.ts';

/** Owners whose files are fetched at a time. */
const OWNERS_AT_ONCE = 4;
/** Runs whose details are asked for at a time. */
const RUNS_AT_ONCE = 8;

/** Writes all that a source holds. @throws whatever reading or writing does: an export is whole, or none */
export async function exportAll(
  source: TrackingSource,
  sink: TrackingSink,
  hasFiles: boolean,
  progress: Progress,
): Promise<void> {
  const experiments = await source.experiments();
  const total = await source.counts(experiments.map(({ id }) => id));
  progress.tell({ event: 'started', source: source.address, total: { ...total } });
  sink.experiments(experiments);
  progress.counts.experiments = experiments.length;

  const bringFiles = async (owner: FileOwner): Promise<void> => {
    for (const file of hasFiles ? await source.files(owner) : []) {
      await sink.file(owner, file.path, await source.open(owner, file));
      progress.counts.files += 1;
      progress.counts.bytes += file.sizeBytes;
      progress.moved();
    }
  };
  for (const { id } of experiments) {
    for await (const page of source.runs(id)) {
      for (let start = 0; start < page.length; start += RUNS_AT_ONCE) {
        sink.runs(await Promise.all(page.slice(start, start + RUNS_AT_ONCE).map((run) => source.whole(run))));
      }
      for await (const points of source.points(page)) {
        sink.points(points);
        for (const { values } of points.metrics) progress.counts.points += values.length;
        progress.moved();
      }
      await eachOwner(page, 'run', bringFiles);
      progress.counts.runs += page.length;
      progress.moved();
    }
    for await (const page of source.loggedModels(id)) {
      sink.loggedModels(page);
      await eachOwner(page, 'logged-model', bringFiles);
      progress.counts.loggedModels += page.length;
    }
  }
  for (const { id } of experiments) {
    for await (const page of source.traces(id)) {
      sink.traces(page);
      const byId = new Map(page.map((trace) => [trace.id, trace]));
      for await (const { traceId, spans, hasFiles: namesFiles } of source.spans(page)) {
        const trace = byId.get(traceId);
        if (!trace) continue;
        sink.spans(trace, spans);
        progress.counts.spans += spans.length;
        if (namesFiles) await bringFiles({ kind: 'trace', id: traceId, artifactUri: trace.artifactUri });
      }
      progress.counts.traces += page.length;
      progress.moved();
    }
    for await (const scorer of source.scorers(id)) {
      sink.scorer(scorer);
      progress.counts.scorers += 1;
    }
  }
  for await (const dataset of source.evaluationDatasets()) {
    sink.evaluationDataset(dataset);
    progress.counts.evaluationDatasets += 1;
    for await (const records of source.records(dataset.id)) {
      sink.records(dataset.id, records);
      progress.counts.records += records.length;
      progress.moved();
    }
  }
  for await (const model of source.registeredModels()) {
    sink.registeredModel(model);
    progress.counts.registeredModels += 1;
    progress.counts.modelVersions += model.versions.length;
  }
}

async function eachOwner(
  objects: readonly { readonly id: string; readonly artifactUri: string }[],
  kind: FileOwner['kind'],
  work: (owner: FileOwner) => Promise<void>,
): Promise<void> {
  const lanes = createLanes(OWNERS_AT_ONCE);
  for (const { id, artifactUri } of objects) await lanes.add(() => work({ kind, id, artifactUri }));
  await lanes.drain();
}
