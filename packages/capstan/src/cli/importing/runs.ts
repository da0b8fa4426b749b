// Runs with their points, gathered into batches of bounded size.
import { createHash } from 'node:crypto';
import { ApiError } from '@capstan/client';
import type { Int64 } from '#kernel/int64';
import type { RunPoints, SourceRun, SourceSeries } from '#ports/tracking-source';
import type { Progress } from './progress.ts';
import type { Target } from './target.ts';

type SentRun = Parameters<Target['client']['imports']['runs']>[0]['body']['runs'][number];
type SentSeries = SentRun['metrics'][number];

/** What one call carries at most; a batch of this size takes the server a fraction of a second. */
const MOST_POINTS = 20_000;
const MOST_RUNS = 500;
const MOST_CHARACTERS = 8_000_000;

export interface RunBatches {
  /** Takes in a run's points, of a run that was given or not. */
  add(run: SourceRun, metrics: readonly SourceSeries[]): Promise<void>;
  /** Sends what is left. */
  flush(): Promise<void>;
}

/**
 * Sends each full batch by `send`, which may still be under way when the next one is begun.
 * @param experimentOf the experiment here that a run's goes into
 */
export function createRunBatches(
  experimentOf: (sourceId: string) => string,
  send: (runs: readonly SentRun[]) => Promise<void>,
): RunBatches {
  let batch = new Map<string, SentRun & { metrics: SentSeries[] }>();
  let points = 0;
  let characters = 0;

  async function flush(): Promise<void> {
    if (batch.size === 0) return;
    const runs = [...batch.values()];
    batch = new Map();
    points = 0;
    characters = 0;
    await send(runs);
  }

  function begin(run: SourceRun): SentRun & { metrics: SentSeries[] } {
    const known = batch.get(run.id);
    if (known) return known;
    const { pointsMark: _mark, artifactUri: _uri, experimentId, modelOutputs, modelInputs, datasets, ...facts } = run;
    const begun = {
      ...facts,
      experimentId: experimentOf(experimentId),
      datasets: [...datasets],
      modelInputs: [...modelInputs],
      modelOutputs: modelOutputs.map(({ modelId, step }) => ({ modelId, step: sentInt64(step) })),
      metrics: [],
    };
    batch.set(run.id, begun);
    characters += sizeOf(run);
    return begun;
  }

  return {
    async add(run, metrics) {
      let target = begin(run);
      for (const series of metrics) {
        for (let start = 0; start < series.values.length;) {
          if (points >= MOST_POINTS) {
            await flush();
            target = begin(run);
          }
          const end = Math.min(series.values.length, start + MOST_POINTS - points);
          target.metrics.push(sentSeries(series, start, end));
          points += end - start;
          start = end;
        }
      }
      if (points >= MOST_POINTS || batch.size >= MOST_RUNS || characters >= MOST_CHARACTERS) await flush();
    },
    flush,
  };
}

/** Sends a batch; where it is refused, each run by itself, so that one bad run keeps no other out. */
export async function sendRuns(
  target: Target,
  source: string,
  runs: readonly SentRun[],
  progress: Progress,
): Promise<readonly string[]> {
  try {
    const { points } = await target.call(() => target.client.imports.runs({ body: { source, runs: [...runs] } }));
    progress.counts.points += points;
    progress.moved();
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [only] = runs;
    if (runs.length === 1 && only) {
      progress.tell({ event: 'refused', what: `run ${only.id}`, reason: error.problem.detail });
      return [only.id];
    }
    const refused: string[] = [];
    for (const run of runs) refused.push(...(await sendRuns(target, source, [run], progress)));
    return refused;
  }
}

/** The request is wrong, and would be again. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500;
}

/** The same text for the same run, files included: it is not sent again. */
export function markOf(content: unknown): string {
  const text = JSON.stringify(content, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return createHash('sha256').update(text).digest('hex');
}

export function sentSeries(
  { key, steps, timestamps, values }: SourceSeries,
  start = 0,
  end = values.length,
): SentSeries {
  return {
    key,
    steps: steps.slice(start, end).map(sentInt64),
    timestamps: timestamps.slice(start, end).map(sentInt64),
    values: values.slice(start, end).map(sentValue),
  };
}

function sentInt64(value: Int64): number | string {
  return typeof value === 'number' ? value : String(value);
}

function sentValue(value: number): SentSeries['values'][number] {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

function sizeOf(run: SourceRun): number {
  let size = 500;
  for (const texts of [run.params, run.tags])
    for (const [key, value] of Object.entries(texts)) size += key.length + value.length + 6;
  for (const dataset of run.datasets)
    size += dataset.source.length + (dataset.schema?.length ?? 0) + (dataset.profile?.length ?? 0);
  return size;
}

/** Points of runs, each with its run. */
export async function* withRuns(
  runs: readonly SourceRun[],
  points: AsyncIterable<RunPoints>,
): AsyncIterable<{ readonly run: SourceRun; readonly metrics: readonly SourceSeries[] }> {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const seen = new Set<string>();
  for await (const { runId, metrics } of points) {
    const run = byId.get(runId);
    if (!run) continue;
    seen.add(runId);
    yield { run, metrics };
  }
  for (const run of runs) if (!seen.has(run.id)) yield { run, metrics: [] };
}
