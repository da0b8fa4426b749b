import { expectationSuite, type DatasetVersion, type ExpectationTest, type ExpectationTestSummary } from '@capstan/api';
import { conflict, notFound } from '#kernel/errors';
import type { Cause } from '#kernel/cause';
import type { ExpectationsDeps } from './deps.ts';
import { evaluationOf } from './evaluation-of.ts';
import { allFaults, chooseFaults } from './faults.ts';
import { tryFaults, type TrialOutcome } from './mutate.ts';
import { suggestionOf } from './suggestion-of.ts';
import { loadSuite, type LoadedSuite } from './suite.ts';
import * as store from './store.ts';

// Which faults would the expectations of a dataset find? Asked by a person, answered by a job: each fault costs a scan.

export interface TestSuiteRequest {
  readonly project: string;
  readonly dataset: string;
  /** Number of an accepted version; absent: the latest. */
  readonly version?: number | undefined;
  readonly seed: number;
  readonly faults: number;
  readonly cause: Cause;
}

/** Notes the wish for a test; the job that the fact asks for makes it. @throws DomainError NOT_FOUND, CONFLICT, INVALID_ARGUMENT */
export async function requestTest(deps: ExpectationsDeps, request: TestSuiteRequest): Promise<ExpectationTestSummary> {
  const { project, dataset, seed, cause } = request;
  await deps.projects.get(project);
  const version = await versionOf(deps, request);
  // A file that cannot be read is said now, and not by a test that fails.
  await loadSuite(deps.projects, project, dataset);
  const { id: versionId, number } = version;
  const id = deps.ids.next('et');
  const row = {
    id,
    project,
    dataset,
    versionId,
    number,
    seed,
    mostFaults: request.faults,
    createdAt: deps.clock.now(),
  };
  await deps.database.write(async (writer) => {
    await store.insertTest(writer, row);
    await deps.events.append(writer, cause, {
      type: 'expectation-test.requested',
      project,
      subject: `expectation-test:${id}`,
      payload: { testId: id, versionId, dataset, number, seed },
    });
  });
  return summaryOfTest(await getTest(deps, id));
}

async function versionOf(
  deps: ExpectationsDeps,
  { project, dataset, version }: TestSuiteRequest,
): Promise<DatasetVersion> {
  const { datasets } = deps;
  const found =
    version === undefined
      ? await datasets.latest(project, dataset)
      : await datasets.byNumber(project, dataset, version);
  if (!found) {
    if (version !== undefined) throw notFound(`version of ${dataset}`, String(version));
    throw conflict(`${dataset} has no accepted version to put faults into`, {
      field: 'dataset',
      hint: `capstan datasets register ${project} ${dataset} takes its files in.`,
    });
  }
  if (found.status === 'accepted') return found;
  throw conflict(`Version ${found.number} of ${dataset} is ${found.status}`, {
    field: 'version',
    hint: 'Faults are put into a version that is fine without them.',
  });
}

/** @throws DomainError NOT_FOUND */
export async function getTest(
  deps: ExpectationsDeps,
  id: string,
): Promise<ExpectationTest & { readonly mostFaults: number }> {
  const test = await store.findTest(deps.database.read, id);
  if (!test) throw notFound('expectation test', id);
  return test;
}

/** A test without its faults. */
function summaryOfTest(test: ExpectationTest & { readonly mostFaults?: number }): ExpectationTestSummary {
  const { faults: _faults, brokenBefore: _broken, mostFaults: _most, ...summary } = test;
  return summary;
}

/** Makes the test and keeps what it found. One that has ended stays as it is. */
export async function runTest(
  deps: ExpectationsDeps,
  { id, cause, signal }: { readonly id: string; readonly cause: Cause; readonly signal?: AbortSignal },
): Promise<void> {
  const test = await getTest(deps, id);
  if (test.status !== 'running') return;
  const version = await deps.datasets.describe(test.versionId);
  const loaded = await loadSuite(deps.projects, test.project, test.dataset);
  const { faults, brokenBefore } = await tryOn(deps, version, { ...test, loaded, signal });
  await end(deps, test, cause, {
    suite: loaded && { path: loaded.path, digest: loaded.digest },
    status: 'done',
    injected: faults.length,
    caught: faults.filter(({ caught }) => caught).length,
    stopped: faults.filter(({ severity }) => severity === 'error').length,
    error: null,
    faults,
    brokenBefore,
  });
}

/** Gives a test up. */
export async function failTest(deps: ExpectationsDeps, id: string, error: string, cause: Cause): Promise<void> {
  const nothing = { suite: null, injected: 0, caught: 0, stopped: 0, faults: [], brokenBefore: [] };
  await end(deps, await getTest(deps, id), cause, { ...nothing, status: 'failed', error });
}

async function tryOn(
  deps: ExpectationsDeps,
  version: DatasetVersion,
  given: {
    readonly loaded: LoadedSuite | null;
    readonly seed: number;
    readonly mostFaults: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<TrialOutcome> {
  const { loaded, seed, mostFaults, signal } = given;
  const profiled = { profile: version.profile, eventTime: version.eventTime };
  const suite = loaded?.suite ?? expectationSuite.parse({});
  // Fresh as it was when it came, and compared with what it was without the fault.
  const evaluation = {
    ...(await evaluationOf(deps, version, { suite, profiled, signal })),
    now: version.createdAt,
  };
  const { files } = evaluation;
  const without = { number: version.number, rows: version.rows, columns: version.columns, files: [...files] };
  const { referenceVersion } = evaluation;
  const { rules } = await suggestionOf(deps, version, signal);
  const faults = allFaults({
    columns: version.columns,
    profiles: new Map((version.profile?.columns ?? []).map((column) => [column.name, column])),
    rows: version.rows,
    files,
    eventTime:
      version.eventTimeColumn === null || !version.eventTime
        ? null
        : { column: version.eventTimeColumn, spanMs: version.eventTime.max - version.eventTime.min },
    seed,
  });
  return await tryFaults(
    {
      evaluation: {
        ...evaluation,
        referenceVersion: async (which) => (which === 'accepted' ? without : await referenceVersion(which)),
      },
      suggested: rules,
    },
    chooseFaults(faults, mostFaults, seed),
  );
}

async function end(
  deps: ExpectationsDeps,
  test: ExpectationTest,
  cause: Cause,
  ended: Omit<store.EndedTest, 'endedAt'>,
): Promise<void> {
  const { id: testId, project, dataset, versionId, number } = test;
  const { status, injected, caught } = ended;
  await deps.database.write(async (writer) => {
    if (!(await store.endTest(writer, testId, { ...ended, endedAt: deps.clock.now() }))) return;
    await deps.events.append(writer, cause, {
      type: 'expectation-test.ended',
      project,
      subject: `expectation-test:${testId}`,
      payload: { testId, versionId, dataset, number, status, injected, caught },
    });
  });
}
