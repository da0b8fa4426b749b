import { quoteName, type Cell, type DataFile } from '#ports/analytics';
import type { MonitorsDeps } from './deps.ts';
import { judgeDrift, type ColumnReference } from './drift.ts';
import { countInto, measureReference, type Reference } from './reference.ts';
import * as store from './store.ts';
import type { Judged, Watched } from './watched.ts';

/** Judges the inputs of a window, as the models saw them, against what the champion was trained on. */
export async function judgeFeatures(deps: MonitorsDeps, watched: Watched): Promise<Judged> {
  const { deployment } = watched;
  const { champion } = deployment;
  const subject = { revision: champion?.number ?? null, modelVersion: champion?.version ?? null, performance: null };
  const unknown = (reason: string, n: number): Judged => ({ ...subject, verdict: 'unknown', reason, n, columns: [] });
  const inputs = await inputsOf(deps, watched);
  if (inputs.rows === 0) return unknown('no answer was logged in it', 0);
  if (!champion) return unknown('no revision is champion: there is nothing to compare with', inputs.rows);
  const reference = await referenceOf(deps, watched, champion, Object.keys(inputs.columns));
  if ('unknown' in reference) return unknown(reference.unknown, inputs.rows);
  const judgement = judgeDrift(reference.columns, countsOf(reference.columns, inputs.columns));
  return {
    ...subject,
    verdict: ({ drifted: 'alarm', steady: 'healthy', unknown: 'unknown' } as const)[judgement.verdict],
    reason: judgement.reason,
    n: inputs.rows,
    columns: [...judgement.columns],
  };
}

interface Inputs {
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

async function inputsOf(deps: MonitorsDeps, { deployment, window }: Watched): Promise<Inputs> {
  const { name } = deployment;
  const found = await deps.predictions.featureFiles({ deployment: name, from: window.start, to: window.end });
  if (found.length === 0) return { rows: 0, columns: {} };
  const files = await Promise.all(
    found.map(async ({ segment, digest }): Promise<DataFile> => {
      return { path: await deps.blobs.localFile(digest), format: 'parquet', label: `answers of segment ${segment}` };
    }),
  );
  const { context } = await deps.deployments.pricing(name);
  const own = { id: context.id ?? 'example_id', time: context.eventTime ?? 'event_time' };
  const time = `epoch_ms(${quoteName(own.time)})`;
  const {
    [own.id]: ids = [],
    [own.time]: _times,
    predicted_at: _seen,
    ...columns
  } = await deps.analytics.queryColumns({
    tables: { answers: files },
    // A request sent again has its inputs twice: the first stand.
    sql: `select * from answers where ${time} >= $from and ${time} < $before
          qualify row_number() over (partition by ${quoteName(own.id)} order by predicted_at) = 1`,
    parameters: { from: window.start, before: window.end },
  });
  return { rows: ids.length, columns };
}

/** Measured once for each revision: training data do not change. What is not known yet is looked up again. */
async function referenceOf(
  deps: MonitorsDeps,
  { deployment }: Watched,
  champion: { readonly number: number; readonly version: number },
  served: readonly string[],
): Promise<Reference> {
  const key = { deployment: deployment.name, revision: champion.number };
  const stored = await store.findReference(deps.database.read, key);
  if (stored) return { columns: stored };
  const { project, model } = deployment;
  const measured = await measureReference(deps, { project, model, version: champion.version }, served);
  if ('unknown' in measured) return measured;
  await deps.database.write((writer) => store.insertReference(writer, key, measured.columns, deps.clock.now()));
  return measured;
}

function countsOf(
  references: readonly ColumnReference[],
  columns: Readonly<Record<string, readonly Cell[]>>,
): Map<string, number[]> {
  const counts = new Map<string, number[]>();
  for (const { column, bins } of references) {
    const cells = columns[column];
    if (cells) counts.set(column, countInto(bins, cells));
  }
  return counts;
}
