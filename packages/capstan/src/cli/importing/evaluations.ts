// Evaluation datasets with their records, and scorers with their versions.
import type { SourceEvaluationDataset, SourceScorer } from '#ports/tracking-source';
import { unlessRefused, type Import } from './one-import.ts';
import { markOf } from './runs.ts';

/** Records of one call: MLflow's limit for a record is what a cell of a table holds. */
const MOST_CHARACTERS = 8_000_000;

type Kind = 'evaluation-dataset' | 'scorer';

/** Those that are linked to an experiment of this import; all of them where it is of all experiments. */
export async function importEvaluationDatasets(one: Import): Promise<void> {
  const { options, progress, places } = one;
  for await (const found of one.source.evaluationDatasets()) {
    if (options.experiments.length > 0 && !found.experimentIds.some((id) => places.has(id))) continue;
    const dataset = { ...found, experimentIds: found.experimentIds.flatMap((id) => places.get(id) ?? []) };
    await importOne(one, 'evaluation-dataset', dataset, `evaluation dataset ${dataset.name}`, async () => {
      progress.counts.evaluationDatasets += 1;
      if (options.isDryRun) progress.counts.records += dataset.recordCount;
      else await sendDataset(one, dataset);
    });
  }
}

export async function importScorers(one: Import, experimentId: string): Promise<void> {
  const { options, progress } = one;
  for await (const scorer of one.source.scorers(experimentId)) {
    await importOne(one, 'scorer', scorer, `scorer ${scorer.name}`, async () => {
      if (!options.isDryRun) await sendScorer(one, scorer);
      progress.counts.scorers += 1;
    });
  }
}

/** Sends what is not here as it is at the source, and remembers that it is here then. */
async function importOne(
  { source, target, options, progress }: Import,
  kind: Kind,
  object: SourceEvaluationDataset | SourceScorer,
  what: string,
  send: () => Promise<void>,
): Promise<void> {
  const mark = { id: object.id, mark: markOf(object) };
  const { ids } = await target.call(() =>
    target.client.imports.pending({ body: { source: source.address, kind, items: [mark] } }),
  );
  if (ids.length === 0) return;
  const isTaken = await unlessRefused(progress, what, send);
  progress.moved();
  if (!isTaken || options.isDryRun) return;
  await target.call(() => target.client.imports.done({ body: { source: source.address, kind, items: [mark] } }));
}

/** @param dataset with ids of experiments here */
async function sendDataset({ source, target, progress }: Import, dataset: SourceEvaluationDataset) {
  const { recordCount: _count, tags, experimentIds, ...facts } = dataset;
  const sent = { ...facts, tags: { ...tags }, experimentIds: [...experimentIds] };
  await target.call(() => target.client.imports.evaluationDataset({ body: { source: source.address, dataset: sent } }));
  for await (const page of source.records(dataset.id)) {
    for (let start = 0; start < page.length;) {
      let characters = 0;
      let end = start;
      while (end < page.length && characters < MOST_CHARACTERS) characters += JSON.stringify(page[end++]).length;
      const body = { source: source.address, datasetId: dataset.id, records: page.slice(start, end) };
      const { added, changed } = await target.call(() => target.client.imports.evaluationRecords({ body }));
      progress.counts.records += added + changed;
      progress.moved();
      start = end;
    }
  }
}

async function sendScorer({ source, target, progress, places }: Import, scorer: SourceScorer): Promise<void> {
  const { experimentId, versions, ...facts } = scorer;
  const sent = { ...facts, experimentId: places.get(experimentId) ?? experimentId, versions: [...versions] };
  const { clashes } = await target.call(() =>
    target.client.imports.scorer({ body: { source: source.address, scorer: sent } }),
  );
  for (const version of clashes) {
    progress.tell({
      event: 'refused',
      what: `version ${version} of scorer ${scorer.name}`,
      reason: 'a version of that number is here that is another one',
    });
  }
}
