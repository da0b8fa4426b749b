import { quoteName, type DataFile } from '#ports/analytics';
import type { ChosenFeature, ResolvedView, ViewDefinition, ViewTable } from './model.ts';

// Questions about feature views. Names of ours begin with capstan_, so that they are nobody else's.

/** The event time of a view, whatever its own column is called. */
export const AT = 'capstan_at';

const rawTable = (dataset: string): string => `capstan_raw_${dataset}`;

/** Tables of the question, under names that a view's select does not use: what it calls a table is made of them. */
export function rawTables(tables: readonly ViewTable[]): Record<string, readonly DataFile[]> {
  return Object.fromEntries(tables.map(({ dataset, files }) => [rawTable(dataset), files]));
}

/**
 * A select of all rows of a view: entities and features under their names, the event time as `capstan_at`.
 * @param knownAt milliseconds: only what was known then goes in; of tables without event time, all
 */
export function viewRows(view: ResolvedView, knownAt?: number): string {
  const columns = [...view.entities, ...view.features.map(({ name }) => name)].map(quoteName);
  return `select ${columns.join(', ')}, cast(${quoteName(view.eventTime)} as timestamptz) as ${AT}
    from (${selectOf(view, view.tables, knownAt)})`;
}

/** A view's own select over its tables. */
export function selectOf({ sql }: Pick<ViewDefinition, 'sql'>, tables: readonly ViewTable[], knownAt?: number): string {
  if (tables.length === 0) return `${sql}\n`;
  const named = tables.map((table) => `${quoteName(table.dataset)} as (${tableRows(table, knownAt)})`);
  return `with ${named.join(',\n')} select * from (${sql}\n)`;
}

function tableRows({ dataset, eventTime, label }: ViewTable, knownAt: number | undefined): string {
  const raw = quoteName(rawTable(dataset));
  if (knownAt === undefined || eventTime === null) return `select * from ${raw}`;
  const time = `cast(${quoteName(eventTime)} as timestamptz)`;
  const replaced = label
    ? ` replace (case when ${time} <= ${instant(knownAt - label.arrivesAfterMs)} then ${quoteName(label.column)} end
         as ${quoteName(label.column)})`
    : '';
  return `select *${replaced} from ${raw} where ${time} <= ${instant(knownAt)}`;
}

function instant(ms: number): string {
  return `make_timestamptz(${Math.trunc(ms)} * 1000)`;
}

/** One row of a view that is no use: without entity or time, or one of two at the same time. No row: all are good. */
export function badRow(view: ResolvedView): string {
  const entities = view.entities.map(quoteName);
  const isMissing = [...entities, AT].map((name) => `${name} is null`).join(' or ');
  return `with v as (${viewRows(view)})
    select ${entities.join(', ')}, epoch_ms(${AT}) as ${AT}, count(*) as rows from v group by all
    having count(*) > 1 or ${isMissing} limit 1`;
}

/** The newest row of each entity that is known at a moment, in the order of the entities. */
export function latestRows(view: ResolvedView, now: number): string {
  const entities = view.entities.map(quoteName).join(', ');
  return `select * exclude (${AT}), epoch_ms(${AT}) as ${AT} from (${viewRows(view)}) where ${AT} <= ${instant(now)}
    qualify row_number() over (partition by ${entities} order by ${AT} desc) = 1 order by ${entities}`;
}

export interface TrainingRows {
  readonly eventTime: string;
  readonly columns: readonly string[];
}

/** The table that the rows of a training set come from. */
export const ROWS = 'capstan_entity_rows';

/**
 * Each row with the newest of each view's rows that were known at its time, no older than the view says: a join as of
 * (DuckDB's `asof`), in the order of the rows.
 */
export function trainingRows(
  rows: TrainingRows,
  views: readonly ResolvedView[],
  chosen: readonly ChosenFeature[],
): string {
  const time = `cast(e.${quoteName(rows.eventTime)} as timestamptz)`;
  const alias = new Map(views.map(({ name }, index) => [name, `v${index}`]));
  const features = chosen.map(({ view: name, feature, name: column }) => {
    const view = views.find((each) => each.name === name);
    const of = alias.get(name) ?? '';
    const value = `${of}.${quoteName(feature)}`;
    if (view?.ttlMs === undefined) return `${value} as ${quoteName(column)}`;
    const isFresh = `${of}.${AT} >= ${time} - to_milliseconds(${view.ttlMs})`;
    return `case when ${isFresh} then ${value} end as ${quoteName(column)}`;
  });
  const joins = views.map((view) => {
    const of = alias.get(view.name) ?? '';
    const same = view.entities.map((entity) => `e.${quoteName(entity)} = ${of}.${quoteName(entity)}`);
    return `asof left join ${of} on ${same.join(' and ')} and ${time} >= ${of}.${AT}`;
  });
  const tables = views.map((view) => `${alias.get(view.name)} as (${viewRows(view)})`);
  const own = rows.columns.map((column) => `e.${quoteName(column)}`);
  return `with ${tables.join(',\n')}
    select ${[...own, ...features].join(', ')} from ${ROWS}_rows e ${joins.join('\n')}
    order by e.capstan_file, e.capstan_row`;
}

/** Rows of the view up to a moment, made of everything and of what was known then, side by side where they differ. */
export function unlikeRows(view: ResolvedView, at: number): string {
  const entities = view.entities.map(quoteName);
  const on = [...entities, AT].map((name) => `w.${name} = k.${name}`).join(' and ');
  const unlike = view.features.map(({ name, type }) => {
    const [w, k] = [`w.${quoteName(name)}`, `k.${quoteName(name)}`];
    if (type !== 'number') return `${w} is distinct from ${k}`;
    const isNear = `abs(${w} - ${k}) <= 1e-9 * greatest(abs(${w}), abs(${k}), 1)`;
    return `(${w} is distinct from ${k} and not coalesce(${isNear}, false))`;
  });
  const both = (name: string): string => `coalesce(w.${name}, k.${name}) as ${name}`;
  const features = view.features.flatMap(({ name }, index) => [
    `w.${quoteName(name)} as capstan_whole_${index}`,
    `k.${quoteName(name)} as capstan_known_${index}`,
    `coalesce(${unlike[index]}, false) as capstan_unlike_${index}`,
  ]);
  return `with w as (select * from (${viewRows(view)}) where ${AT} <= ${instant(at)}),
      k as (select * from (${viewRows(view, at)}) where ${AT} <= ${instant(at)})
    select ${entities.map(both).join(', ')}, epoch_ms(coalesce(w.${AT}, k.${AT})) as ${AT},
           w.${AT} is null as capstan_added, k.${AT} is null as capstan_missing, ${features.join(', ')}
      from w full join k on ${on}
     where w.${AT} is null or k.${AT} is null or ${unlike.join(' or ')}`;
}
