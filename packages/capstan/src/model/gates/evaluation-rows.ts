import type { DatasetVersion, Declaration } from '@capstan/api';
import { conflict, invalid } from '#kernel/errors';
import { quoteName, type Cell, type DataFile } from '#ports/analytics';
import type { GatesDeps } from './deps.ts';

/** Labelled rows as a model takes them, oldest first. */
export interface EvaluationRows {
  readonly count: number;
  /** 0 or 1 by row. */
  readonly labels: Uint8Array;
  /** Extremes of event time; null where the rows have none. */
  readonly span: { readonly from: number; readonly to: number } | null;
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

/** Where the rows of a dataset version come from: a select over tables of files. */
export interface RowSource {
  readonly tables: Readonly<Record<string, readonly DataFile[]>>;
  readonly sql: string;
  readonly label: string;
  /** Columns that may say when a row happened, the best first. */
  readonly times: readonly string[];
  /** Column that names a row, where one is declared. */
  readonly id: string;
  /** Names of its columns, where they are known without asking. */
  readonly columns?: readonly string[];
}

const EVENT_TIME = 'capstan_event_time';
const LABEL = 'capstan_label';

/**
 * Rows of a version that have a label, in the order of event time. Data that is not logged predictions goes through the
 * project's feature select (`model.features`) first, where one is declared: it is what training and serving use too.
 * @throws DomainError CONFLICT for a version that is not accepted or has no labelled row; INVALID_ARGUMENT
 */
export async function readRows(deps: GatesDeps, projectName: string, version: DatasetVersion): Promise<EvaluationRows> {
  const source = await sourceOf(deps, projectName, version);
  const names = await columnNames(deps, source);
  requireLabel(names, source.label, version);
  const time = source.times.find((name) => names.includes(name));
  // Rows in full order, so that evidence which depends on the order is the same each time.
  const order = [
    ...(time === undefined ? [] : [EVENT_TIME]),
    ...(names.includes(source.id) ? [quoteName(source.id)] : []),
    'cast(r as varchar)',
  ];
  const sql = `
    select r.*, cast(r.${quoteName(source.label)} as double) as ${LABEL}
           ${time === undefined ? '' : `, cast(epoch_ms(cast(r.${quoteName(time)} as timestamp)) as double) as ${EVENT_TIME}`}
      from (${source.sql}\n) r where r.${quoteName(source.label)} is not null order by ${order.join(', ')}`;
  const columns = await deps.analytics.queryColumns({ tables: source.tables, sql });
  const labels = labelsOf(columns[LABEL] ?? [], source.label);
  if (labels.length === 0) {
    throw conflict(`Version ${version.number} of ${version.dataset} has no row with a value of '${source.label}'`, {
      field: 'evaluation',
      hint: 'Wait for outcomes, or take another version.',
    });
  }
  const times = (columns[EVENT_TIME] ?? []).filter((value) => typeof value === 'number');
  const [from, to] = [times[0], times.at(-1)];
  return { count: labels.length, labels, span: from === undefined || to === undefined ? null : { from, to }, columns };
}

/** Labelled rows of a version and how many of them are positive. @throws as `readRows`, but an empty version is counted */
export async function countLabels(
  deps: GatesDeps,
  projectName: string,
  version: DatasetVersion,
): Promise<{ rows: number; positives: number }> {
  const source = await sourceOf(deps, projectName, version);
  requireLabel(await columnNames(deps, source), source.label, version);
  const label = `cast(r.${quoteName(source.label)} as double)`;
  const sql = `select cast(count(${label}) as double) as n, cast(coalesce(sum(${label}), 0) as double) as positives from (${source.sql}\n) r`;
  const { n, positives } = await deps.analytics.queryColumns({ tables: source.tables, sql });
  return { rows: Number(n?.[0] ?? 0), positives: Number(positives?.[0] ?? 0) };
}

/** The declared label of a dataset; logged predictions have that of the data they are about. */
function labelOf(declaration: Declaration, dataset: string): string {
  const own = declaration.datasets[dataset]?.label;
  const any = Object.values(declaration.datasets).find(({ label }) => label !== undefined)?.label;
  const label = own ?? any;
  if (label) return label.column;
  throw invalid(`The project declares no label`, {
    field: `datasets.${dataset}.label`,
    hint: 'Add label: {column: NAME, arrives_after: 1d} to the dataset in capstan.yaml.',
  });
}

/** `others`: versions of the tables joined with it, by dataset; without, the newest accepted ones. */
export async function sourceOf(
  deps: GatesDeps,
  projectName: string,
  version: DatasetVersion,
  others?: ReadonlyMap<string, string>,
): Promise<RowSource> {
  const { declaration } = await deps.projects.get(projectName);
  const { deployment, model } = declaration;
  const context = { time: deployment?.context.event_time ?? 'event_time', id: deployment?.context.id ?? 'example_id' };
  const label = labelOf(declaration, version.dataset);
  const own = version.eventTimeColumn === null ? [] : [version.eventTimeColumn];
  const files = await deps.datasets.files(version.id);
  const isAsServed = declaration.datasets[version.dataset]?.from === 'predictions';
  if (isAsServed || model?.features === undefined) {
    return {
      tables: { evaluated: files },
      sql: 'select * from evaluated',
      label,
      times: [...own, context.time],
      id: context.id,
      columns: version.columns.map(({ name }) => name),
    };
  }
  const select = (await deps.projects.readText(projectName, model.features)).trim().replace(/;$/, '');
  const tables: Record<string, readonly DataFile[]> = { [version.dataset]: files };
  for (const dataset of Object.keys(declaration.datasets)) {
    if (dataset === version.dataset) continue;
    const id = others?.get(dataset) ?? (await deps.datasets.latest(projectName, dataset, 'accepted'))?.id;
    if (id !== undefined) tables[dataset] = await deps.datasets.files(id);
  }
  return { tables, sql: select, label, times: [context.time, ...own], id: context.id };
}

export async function columnNames(deps: GatesDeps, { tables, sql, columns }: RowSource): Promise<readonly string[]> {
  if (columns) return columns;
  return (await deps.analytics.columnsOfAnswer({ tables, sql })).map(({ name }) => name);
}

function requireLabel(names: readonly string[], label: string, version: DatasetVersion): void {
  if (names.includes(label)) return;
  throw invalid(`Version ${version.number} of ${version.dataset} has no column '${label}', which is the label`, {
    field: 'evaluation',
    hint: `It has: ${names.join(', ')}.`,
  });
}

function labelsOf(cells: readonly Cell[], column: string): Uint8Array {
  const labels = new Uint8Array(cells.length);
  for (const [row, cell] of cells.entries()) {
    if (cell !== 0 && cell !== 1) {
      throw invalid(`The label '${column}' holds ${JSON.stringify(cell)}, which is neither 0 nor 1`, {
        field: 'evaluation',
      });
    }
    labels[row] = cell;
  }
  return labels;
}
