// For tests only: traces over real experiments on a database of the suite's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { createExperiments, type Experiments } from '#model/experiments';
import { randomIds } from '#ports/ids';
import type { AttributeValue } from '#kernel/exact-json';
import { createTraces, type SentSpan, type Traces } from './index.ts';

export const cause = { actor: 'test' };
export const START = 1_700_000_000_000;

export interface TraceBench {
  readonly traces: Traces;
  readonly experiments: Experiments;
  readonly database: Database;
  /** Types of the facts so far, but for those of experiments. */
  facts(): Promise<string[]>;
}

export async function openTraces(database: Database): Promise<TraceBench> {
  const clock = { now: () => START };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-traces-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const experiments = createExperiments({ database, events, jobs, clock, ids: randomIds, blobs });
  const traces = createTraces({ database, events, clock, ids: randomIds, experiments });
  await experiments.ensureDefaultExperiment(cause);
  return {
    traces,
    experiments,
    database,
    facts: async () =>
      (await events.list({ limit: 1_000 })).map((fact) => fact.type).filter((type) => type.startsWith('trace')),
  };
}

/** A span of 100 ms; `trace` and `span` are small numbers. */
export function sentSpan(
  { trace = 1, span = 1, parent }: { trace?: number; span?: number; parent?: number },
  rest: Partial<Omit<SentSpan, 'attributes'>> & { attributes?: Readonly<Record<string, AttributeValue>> } = {},
): SentSpan {
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
  const startNs = BigInt(START) * 1_000_000n + BigInt(trace) * 1_000_000_000n + BigInt(span);
  return {
    traceId: hex(trace, 32),
    spanId: hex(span, 16),
    parentId: parent === undefined ? null : hex(parent, 16),
    name: `span ${span}`,
    status: 'OK',
    statusMessage: '',
    startNs,
    endNs: startNs + 100_000_000n,
    events: [],
    links: [],
    resource: new Map(),
    ...rest,
    attributes: new Map(Object.entries(rest.attributes ?? {})),
  };
}

/** MLflow's id of the trace of a small number. */
export function idOf(trace: number): string {
  return `tr-${trace.toString(16).padStart(32, '0')}`;
}

/** Tables whose rows belong to a trace. */
export const CASCADE_TABLES = ['spans', 'trace_tags', 'trace_metadata', 'trace_links', 'assessments'] as const;
