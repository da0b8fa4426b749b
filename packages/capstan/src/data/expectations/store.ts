import type { Selectable } from 'kysely';
import type { ExpectationTest, ExpectationTestSummary } from '@capstan/api';
import type { Reader, Schema, Writer } from '#database';

type TestRow = Selectable<Schema['expectation_tests']>;

const summaryColumns = [
  'id',
  'project',
  'dataset',
  'version_id',
  'number',
  'seed',
  'status',
  'suite_path',
  'suite_digest',
  'injected',
  'caught',
  'stopped',
  'error',
  'created_at',
  'ended_at',
] as const;

export interface TestRequest {
  readonly id: string;
  readonly project: string;
  readonly dataset: string;
  readonly versionId: string;
  readonly number: number;
  readonly seed: number;
  readonly mostFaults: number;
  readonly createdAt: number;
}

export async function insertTest(writer: Writer, request: TestRequest): Promise<void> {
  await writer
    .insertInto('expectation_tests')
    .values({
      id: request.id,
      project: request.project,
      dataset: request.dataset,
      version_id: request.versionId,
      number: request.number,
      seed: request.seed,
      most_faults: request.mostFaults,
      status: 'running',
      suite_path: null,
      suite_digest: null,
      injected: 0,
      caught: 0,
      stopped: 0,
      error: null,
      outcome: null,
      created_at: request.createdAt,
      ended_at: null,
    })
    .execute();
}

export type EndedTest = Pick<
  ExpectationTest,
  'suite' | 'injected' | 'caught' | 'stopped' | 'error' | 'faults' | 'brokenBefore'
> & { readonly status: 'done' | 'failed'; readonly endedAt: number };

/** False when it has ended before. */
export async function endTest(writer: Writer, id: string, ended: EndedTest): Promise<boolean> {
  const { suite, status, injected, caught, stopped, error, endedAt, faults, brokenBefore } = ended;
  const changed = await writer
    .updateTable('expectation_tests')
    .set({
      suite_path: suite?.path ?? null,
      suite_digest: suite?.digest ?? null,
      status,
      injected,
      caught,
      stopped,
      error,
      outcome: JSON.stringify({ faults, brokenBefore }),
      ended_at: endedAt,
    })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

export async function findTest(
  reader: Reader,
  id: string,
): Promise<(ExpectationTest & { readonly mostFaults: number }) | undefined> {
  const row = await reader.selectFrom('expectation_tests').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  const outcome = row.outcome === null ? { faults: [], brokenBefore: [] } : (JSON.parse(row.outcome) as Outcome);
  return { ...toSummary(row), ...outcome, mostFaults: row.most_faults };
}

type Outcome = Pick<ExpectationTest, 'faults' | 'brokenBefore'>;

/** The place of a test in the list: when it was asked for, and its id among those of the same moment. */
export interface TestPlace {
  readonly createdAt: number;
  readonly id: string;
}

/** Newest first. */
export async function listTests(
  reader: Reader,
  query: {
    readonly project: string;
    readonly dataset: string;
    readonly after?: TestPlace | undefined;
    readonly limit: number;
  },
): Promise<ExpectationTestSummary[]> {
  const { after } = query;
  let rows = reader
    .selectFrom('expectation_tests')
    .select(summaryColumns)
    .where('project', '=', query.project)
    .where('dataset', '=', query.dataset)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (after) {
    rows = rows.where((where) =>
      where.or([
        where('created_at', '<', after.createdAt),
        where.and([where('created_at', '=', after.createdAt), where('id', '<', after.id)]),
      ]),
    );
  }
  return (await rows.execute()).map(toSummary);
}

function toSummary(row: Pick<TestRow, (typeof summaryColumns)[number]>): ExpectationTestSummary {
  const { injected, caught, suite_path: path, suite_digest: digest } = row;
  return {
    id: row.id,
    project: row.project,
    dataset: row.dataset,
    versionId: row.version_id,
    number: row.number,
    seed: row.seed,
    status: row.status,
    suite: path === null || digest === null ? null : { path, digest },
    injected,
    caught,
    stopped: row.stopped,
    score: row.status === 'done' && injected > 0 ? caught / injected : null,
    error: row.error,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
