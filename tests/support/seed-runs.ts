// Many runs at once, straight into the SQLite file of a server that is not running: what clients would log in hours.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Seed {
  readonly runs: number;
  /** Distinct names of metrics and params together. */
  readonly keys: number;
  /** Points of the metric `signal` of the first run; 0 for none. */
  readonly points: number;
  /** When the newest run started, in milliseconds. */
  readonly now: number;
}

export interface Seeded {
  readonly experiment: string;
  /** The first run, which has the long metric. */
  readonly longRun: string;
  /** The step at which `signal` is 100 instead of about 1. */
  readonly spikeStep: number;
}

const RARE_KEYS_PER_RUN = 12;
const CURVE_STEPS = 300;
const common = ['train/loss', 'val/loss', 'val/accuracy', 'system/cpu_utilization_percentage'] as const;
const commonParams = ['model', 'optimizer', 'lr', 'depth', 'seed'] as const;
const models = ['gradient_boosting', 'random_forest', 'transformer', 'mlp'];
const optimizers = ['adam', 'sgd', 'lion'];

/** An experiment `sweep` of runs that differ in a few params and metrics out of very many. Deterministic. */
export function seedRuns(dataFolder: string, { runs, keys, points, now }: Seed): Seeded {
  const file = new DatabaseSync(join(dataFolder, 'capstan.db'));
  file.exec('pragma synchronous = off; pragma cache_size = -200000; begin');
  const next = (table: string, column: string): number =>
    Number(file.prepare(`select coalesce(max(${column}), 0) + 1 as n from ${table}`).get()?.['n'] ?? 1);
  const experiment = Math.max(1, next('experiments', 'id'));
  file
    .prepare("insert into experiments values (?, 'sweep', ?, 'active', ?, ?, null)")
    .run(experiment, `mlflow-artifacts:/${experiment}`, now - 86_400_000, now);
  const rareMetrics = Math.ceil((keys - common.length - commonParams.length) / 2);
  const metricIds = addMetrics(file, next('metric_keys', 'id'), rareMetrics);
  const rareParams = keys - common.length - commonParams.length - rareMetrics;
  const random = generator(7);
  const insert = {
    run: file.prepare("insert into runs values (?, ?, ?, ?, 'ada', ?, ?, ?, 'active', ?, ?, null)"),
    metric: file.prepare('insert or ignore into latest_metrics values (?, ?, 9, ?, ?, ?, ?)'),
    latest: file.prepare('insert into latest_metrics values (?, ?, ?, ?, ?, ?, ?)'),
    point: file.prepare('insert or ignore into metric_points values (?, ?, ?, ?, ?)'),
    param: file.prepare('insert or ignore into run_params values (?, ?, ?)'),
    tag: file.prepare('insert or ignore into run_tags values (?, ?, ?)'),
  };
  const firstKey = next('runs', 'key');
  const idOf = (index: number): string =>
    createHash('sha256').update(`seeded run ${experiment} ${index}`).digest('hex').slice(0, 32);
  for (let index = 0; index < runs; index++) {
    const key = firstKey + index;
    const start = now - (runs - index) * 60_000;
    const status = index % 50 === 17 ? 'FAILED' : index % 97 === 5 ? 'RUNNING' : 'FINISHED';
    const end = status === 'RUNNING' ? null : start + 20_000 + Math.floor(random() * 40_000);
    const name = `sweep-${String(index).padStart(6, '0')}`;
    insert.run.run(
      key,
      idOf(index),
      experiment,
      name,
      status,
      start,
      end,
      `${experiment}/${idOf(index)}/artifacts`,
      end ?? start,
    );
    for (const metric of common) {
      const value = metric.startsWith('system/') ? 20 + random() * 70 : random();
      insert.metric.run(key, metricIds.get(metric) ?? 0, start, value, value * 0.8, value * 1.3);
      for (const [step, share] of [0.8, 1.3, 1].entries()) {
        insert.point.run(key, metricIds.get(metric) ?? 0, step + 7, start, value * share);
      }
    }
    for (let rare = 0; rare < RARE_KEYS_PER_RUN; rare++) {
      const value = random() * 100;
      const metric = metricIds.get(rareMetric(Math.floor(random() * rareMetrics))) ?? 0;
      insert.metric.run(key, metric, start, value, value, value);
      insert.point.run(key, metric, 9, start, value);
      insert.param.run(key, rareParam(Math.floor(random() * rareParams)), random().toFixed(3));
    }
    const kind = index % 11 === 10 ? undefined : models[index % models.length];
    if (kind !== undefined) insert.param.run(key, 'model', kind);
    insert.param.run(key, 'optimizer', optimizers[index % optimizers.length] ?? '');
    insert.param.run(key, 'lr', String(10 ** -(1 + (index % 4))));
    insert.param.run(key, 'depth', String(2 + (index % 7)));
    insert.param.run(key, 'seed', '42');
    insert.tag.run(key, 'mlflow.runName', name);
    insert.tag.run(key, 'mlflow.user', 'ada');
    insert.tag.run(key, 'mlflow.source.name', 'train.py');
    if (index % 10 === 3 && index > 0) insert.tag.run(key, 'mlflow.parentRunId', idOf(index - 1));
  }
  const spikeStep = Math.floor(points * 0.654_321);
  const signal = metricIds.get('signal') ?? 0;
  for (let step = 0; step < points; step++) {
    const value = step === spikeStep ? 100 : 1 + 0.2 * Math.sin(step / (points / 25)) + 0.1 * (random() - 0.5);
    insert.point.run(firstKey, signal, step, now - points + step, value);
  }
  if (points > 0) insert.metric.run(firstKey, signal, now, 1, 0.7, 100);
  const curve = metricIds.get('curve') ?? 0;
  for (let index = 0; index < Math.min(runs, 20); index++) {
    const run = firstKey + runs - 1 - index;
    for (let step = 0; step < CURVE_STEPS; step++) {
      const value = Math.exp(-step / (30 + index * 4)) + 0.08 * random();
      insert.point.run(run, curve, step, now - 60_000 + step * 250, value);
      if (step === CURVE_STEPS - 1) insert.latest.run(run, curve, step, now - 60_000 + step * 250, value, 0, 1.08);
    }
  }
  file.exec('commit; analyze');
  file.close();
  return { experiment: String(experiment), longRun: idOf(0), spikeStep };
}

const rareMetric = (index: number): string => `layer_${index % 40}/probe_${Math.floor(index / 40)}`;
const rareParam = (index: number): string => `config.block_${index % 25}.option_${Math.floor(index / 25)}`;

function addMetrics(file: DatabaseSync, firstId: number, rare: number): Map<string, number> {
  const names = [...common, 'signal', 'curve', ...Array.from({ length: rare }, (_, index) => rareMetric(index))];
  const insert = file.prepare('insert into metric_keys values (?, ?)');
  return new Map(
    names.map((name, index) => {
      insert.run(firstId + index, name);
      return [name, firstId + index];
    }),
  );
}

/** Numbers from 0 to 1 (mulberry32), the same each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
