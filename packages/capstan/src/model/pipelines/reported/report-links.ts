import type { PipelineRunInput, StageReport } from '@capstan/api';
import type { ReportedRunsDeps } from './report-run.ts';
import * as reports from './report.store.ts';
import * as store from '../store.ts';

const HASH = /^md5:([0-9a-f]{32}(?:\.dir)?)$/;

/**
 * Finds out what a run of a checkout that has ended had to do with what the server knows: the dataset versions that hold
 * what its stages read, and the model versions that they registered. May be taken again.
 */
export async function linkReported(deps: ReportedRunsDeps, id: string): Promise<void> {
  const { database, tracker, modelVersionsOf } = deps;
  const row = await store.findRun(database.read, id);
  if (row?.source !== 'checkout') return;
  const inputs = await knownInputs(deps, row);
  const modelVersions = await modelVersionsOf(await tracker.ofPipelineRun(id));
  await database.write((writer) =>
    reports.setLinks(writer, id, {
      inputs: JSON.stringify(inputs),
      model_versions: JSON.stringify(modelVersions.toSorted()),
    }),
  );
}

async function knownInputs(
  { database, datasets }: ReportedRunsDeps,
  { id, project }: store.RunRow,
): Promise<PipelineRunInput[]> {
  const read = new Map<string, { readonly sizeBytes: number; readonly paths: Set<string> }>();
  for (const { report } of await store.listStages(database.read, id)) {
    for (const { path, hash = '', sizeBytes } of report === null ? [] : (JSON.parse(report) as StageReport).inputs) {
      const md5 = HASH.exec(hash)?.[1];
      if (md5 === undefined || sizeBytes === undefined) continue;
      const known = read.get(md5) ?? { sizeBytes, paths: new Set() };
      read.set(md5, known);
      known.paths.add(path);
    }
  }
  const wanted = [...read].map(([md5, { sizeBytes }]) => ({ md5, sizeBytes }));
  const found = await datasets.recognise(project, wanted);
  return found.map(({ version, contents }) => {
    const { id: versionId, dataset, number, digest } = version;
    const paths = new Set(contents.flatMap((md5) => [...(read.get(md5)?.paths ?? [])]));
    return { dataset, versionId, number, digest, used: { versionId, number, digest }, path: [...paths].join(', ') };
  });
}
