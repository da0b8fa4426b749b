// For tests only: evaluations over real experiments on a database of the suite's.
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
import { createEvaluations, type Evaluations } from './index.ts';

export const cause = { actor: 'test' };

export interface EvaluationBench {
  readonly evaluations: Evaluations;
  readonly experiments: Experiments;
  readonly database: Database;
  /** Types of the facts so far, but for those of experiments. */
  facts(): Promise<string[]>;
  /** Rows of each table of the module. */
  rows(): Promise<Readonly<Record<string, number>>>;
}

const evaluationTables = [
  'evaluation_datasets',
  'evaluation_dataset_tags',
  'evaluation_dataset_experiments',
  'evaluation_records',
  'scorers',
  'scorer_versions',
] as const;

export async function openEvaluations(database: Database): Promise<EvaluationBench> {
  const clock = { now: () => 1_700_000_000_000 };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-evaluations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const experiments = createExperiments({ database, events, jobs, clock, ids: randomIds, blobs });
  const evaluations = createEvaluations({ database, events, clock, ids: randomIds, experiments });
  await experiments.ensureDefaultExperiment(cause);
  return {
    evaluations,
    experiments,
    database,
    facts: async () =>
      (await events.list({ limit: 1_000 }))
        .map((fact) => fact.type)
        .filter((type) => type.startsWith('evaluation') || type.startsWith('scorer')),
    rows: async () =>
      Object.fromEntries(
        await Promise.all(
          evaluationTables.map(async (table) => {
            const all = await database.read.selectFrom(table).selectAll().execute();
            return [table, all.length] as const;
          }),
        ),
      ),
  };
}
