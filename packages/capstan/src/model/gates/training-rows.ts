import type { DatasetVersion } from '@capstan/api';
import { quoteName, type DataQuestion } from '#ports/analytics';
import type { GatesDeps } from './deps.ts';
import { columnNames, sourceOf, type RowSource } from './evaluation-rows.ts';
import { trainingOf } from './lineage.ts';

/** Rows that a version was trained on, as models take them; or why nobody knows which. */
export type TrainingRows = Pick<DataQuestion, 'tables' | 'sql'> | { readonly unknown: string };

/**
 * The labelled datasets that the pipeline run gave to the training, by lineage and through the feature select where one is
 * declared. Where logged predictions were among them, other data count up to where those begin: they are about the same
 * examples.
 */
export async function trainingRows(
  deps: GatesDeps,
  project: string,
  model: string,
  version: number,
): Promise<TrainingRows> {
  const training = await trainingOf(deps, project, { name: `version ${version}`, model, version });
  if ('unknown' in training) return training;
  const { declaration } = await deps.projects.get(project);
  const used = new Map(
    training.run.inputs.flatMap(({ dataset, used: given }) => (given ? [[dataset, given.versionId] as const] : [])),
  );
  const isServed = (dataset: string): boolean => declaration.datasets[dataset]?.from === 'predictions';
  const labelled: DatasetVersion[] = [];
  for (const [dataset, id] of used) {
    if (declaration.datasets[dataset]?.label || isServed(dataset)) labelled.push(await deps.datasets.get(id));
  }
  const served = labelled.find(({ dataset }) => isServed(dataset));
  const sources = await Promise.all(
    labelled.map(async (each) => {
      const source = await sourceOf(deps, project, each, used);
      const before = each === served ? undefined : served?.eventTime?.min;
      return { tables: source.tables, sql: await upTo(deps, source, before) };
    }),
  );
  if (sources.length === 0) return { unknown: `nothing that version ${version} was trained on has labels` };
  return {
    tables: Object.assign({}, ...sources.map(({ tables }) => tables)) as DataQuestion['tables'],
    sql: sources.map(({ sql }) => sql).join(' union all by name '),
  };
}

async function upTo(deps: GatesDeps, source: RowSource, before: number | undefined): Promise<string> {
  const known = `r.${quoteName(source.label)} is not null`;
  if (before === undefined) return `select r.* from (${source.sql}\n) r where ${known}`;
  const names = await columnNames(deps, source);
  const time = source.times.find((name) => names.includes(name));
  const isBefore = time === undefined ? '' : ` and epoch_ms(cast(r.${quoteName(time)} as timestamp)) < ${before}`;
  return `select r.* from (${source.sql}\n) r where ${known}${isBefore}`;
}
