import type { FeatureCheck } from '@capstan/api';
import type { Project } from '#design/projects';
import type { Cause } from '#kernel/cause';
import type { Cell, DataRow } from '#ports/analytics';
import type { FeaturesContext } from './deps.ts';
import { jsonCell } from './materialize.ts';
import { areAlike, entityKey, versionsOf, type ResolvedView } from './model.ts';
import * as store from './store.ts';
import { refuseBadRows } from './training-set.ts';
import { defineView, resolveView, saidOfSelect } from './view.ts';
import { AT, latestRows, rawTables, unlikeRows, viewRows } from './view-sql.ts';

/** Where the past is looked at, as shares of the rows of the view by event time. */
const CUTS = [0.5, 0.9];
const EXAMPLES = 10;
const SKEW_BATCH = 2_000;

type Example = FeatureCheck['leakage']['examples'][number];

/**
 * Two findings. Leakage: made of only what was known at a moment, the rows up to that moment must be what they are when made
 * of everything; else the past of the view depends on its future. Skew: what the online store gives must be what the datasets
 * say now. @throws DomainError as `resolveView`
 */
export async function check(
  deps: FeaturesContext,
  project: Project,
  name: string,
  cause: Cause,
): Promise<FeatureCheck> {
  const view = await resolveView(deps, project, await defineView(deps, project, name));
  await refuseBadRows(deps, view);
  const leakage = await findLeakage(deps, view);
  const skew = await findSkew(deps, view);
  const checked: FeatureCheck = {
    view: name,
    passed: leakage.passed && skew.passed,
    checkedAt: deps.clock.now(),
    versions: versionsOf(view.tables),
    leakage,
    skew,
  };
  await deps.database.write(async (writer) => {
    await store.keepCheck(writer, project.name, checked);
    await deps.events.append(writer, cause, {
      type: 'feature-view.checked',
      project: project.name,
      subject: `feature-view:${project.name}/${name}`,
      payload: { view: name, leaks: !leakage.passed, skewed: !skew.passed, versions: checked.versions },
    });
  });
  return checked;
}

async function findLeakage(deps: FeaturesContext, view: ResolvedView): Promise<FeatureCheck['leakage']> {
  const tables = rawTables(view.tables);
  const uncut = view.tables.filter(({ eventTime }) => eventTime === null).map(({ dataset }) => dataset);
  const cuts: FeatureCheck['leakage']['cuts'] = [];
  const examples: Example[] = [];
  for (const at of await cutsOf(deps, view)) {
    const sql = unlikeRows(view, at);
    const rows = await saidOfSelect(view, () => deps.analytics.query({ tables, sql }));
    const [counted] = await deps.analytics.query({
      tables,
      sql: `select count(*) as n from (${viewRows(view)}) where epoch_ms(${AT}) <= $at`,
      parameters: { at },
    });
    const missing = rows.filter((row) => row['capstan_missing'] === true).length;
    const added = rows.filter((row) => row['capstan_added'] === true).length;
    cuts.push({ at, rows: Number(counted?.['n'] ?? 0), different: rows.length - missing - added, missing, added });
    examples.push(...rows.flatMap((row) => leakExample(view, row)).slice(0, EXAMPLES - examples.length));
  }
  const passed = cuts.every(({ different, missing, added }) => different + missing + added === 0);
  return { passed, cuts, uncut, examples };
}

async function cutsOf(deps: FeaturesContext, view: ResolvedView): Promise<number[]> {
  // Nothing that could be left out: there is no past to look at.
  if (view.tables.every(({ eventTime }) => eventTime === null)) return [];
  const quantiles = CUTS.map((share, index) => `epoch_ms(quantile_disc(${AT}, ${share})) as c${index}`);
  const sql = `select ${quantiles.join(', ')} from (${viewRows(view)})`;
  const [row] = await deps.analytics.query({ tables: rawTables(view.tables), sql });
  return [...new Set(Object.values(row ?? {}).filter((value) => typeof value === 'number'))];
}

function leakExample(view: ResolvedView, row: DataRow): Example[] {
  const place = { entity: entityOf(view, row), eventTime: Number(row[AT]) };
  if (row['capstan_missing'] === true) return [{ ...place, feature: '', left: 'a row', right: null }];
  if (row['capstan_added'] === true) return [{ ...place, feature: '', left: null, right: 'a row' }];
  return view.features.flatMap(({ name }, index) =>
    row[`capstan_unlike_${index}`] === true
      ? [
          {
            ...place,
            feature: name,
            left: shown(row[`capstan_whole_${index}`]),
            right: shown(row[`capstan_known_${index}`]),
          },
        ]
      : [],
  );
}

async function findSkew(deps: FeaturesContext, view: ResolvedView): Promise<FeatureCheck['skew']> {
  const served = await store.servedView(deps.database.read, view.project, view.name);
  const none = { materialization: null, isStale: false, entities: 0, different: 0, missing: 0, examples: [] };
  if (!served) return { passed: true, ...none };
  const isStale = served.digest !== view.digest || !isSame(served.versions, versionsOf(view.tables));
  const sql = latestRows(view, deps.clock.now());
  const rows = await saidOfSelect(view, () => deps.analytics.query({ tables: rawTables(view.tables), sql }));
  const examples: Example[] = [];
  let different = 0;
  let missing = 0;
  for (let start = 0; start < rows.length; start += SKEW_BATCH) {
    const batch = rows.slice(start, start + SKEW_BATCH);
    const keys = batch.map((row) => entityKey(view.entities.map((entity) => row[entity] ?? null)));
    const online = await store.onlineRows(deps.database.read, view, keys);
    for (const [index, row] of batch.entries()) {
      const found = online.get(keys[index] ?? '');
      if (!found) missing += 1;
      const unlike = found ? unlikeFeatures(view, row, found) : [];
      if (unlike.length > 0) different += 1;
      examples.push(...unlike.slice(0, EXAMPLES - examples.length));
    }
  }
  const passed = different === 0 && missing === 0;
  return { passed, materialization: served.number, isStale, entities: rows.length, different, missing, examples };
}

function unlikeFeatures(view: ResolvedView, row: DataRow, found: store.OnlineRow): Example[] {
  const values = JSON.parse(found.features) as Record<string, Cell>;
  const place = { entity: entityOf(view, row), eventTime: found.eventTime };
  return view.features.flatMap(({ name }) => {
    const [left, right] = [jsonCell(row[name] ?? null), values[name] ?? null];
    return areAlike(left, right) ? [] : [{ ...place, feature: name, left: shown(left), right: shown(right) }];
  });
}

const entityOf = (view: ResolvedView, row: DataRow): Example['entity'] =>
  Object.fromEntries(view.entities.map((entity) => [entity, shown(row[entity])]));

const shown = (cell: Cell | undefined): Example['left'] => jsonCell(cell ?? null) as Example['left'];

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
