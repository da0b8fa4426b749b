import {
  errorCodes,
  expectationSuite,
  type DatasetVersion,
  type ExpectationResult,
  type ExpectationTest,
  type ExpectationTestSummary,
} from '@capstan/api';
import type { Datasets, Split } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import type { ExpectationsDeps } from './deps.ts';
import { judge } from './judge.ts';
import { builtIn, failed, verdictOf } from './model.ts';
import { listTests, type TestPlace } from './store.ts';
import { loadSuite, type LoadedSuite } from './suite.ts';
import { suggestionOf, type Suggestion } from './suggestion-of.ts';
import { failTest, getTest, requestTest, runTest, type TestSuiteRequest } from './trial.ts';

export interface CheckRequest {
  readonly versionId: string;
  readonly cause: Cause;
  /** There will be no other try: a check that cannot be done then ends in quarantine, since unknown blocks. */
  readonly isLastTry: boolean;
  readonly signal?: AbortSignal;
}

export interface Expectations {
  /** Scans a pending version and settles it; one that is no longer pending is left as it is. */
  check(request: CheckRequest): Promise<DatasetVersion>;
  /** Asks for another check of a quarantined version. @throws DomainError NOT_FOUND, CONFLICT */
  recheck(versionId: string, cause: Cause): Promise<DatasetVersion>;
  /** A first file of expectations for a version; it holds there. @throws DomainError NOT_FOUND, CONFLICT, DATA_LOSS */
  suggest(versionId: string): Promise<Suggestion & { readonly version: DatasetVersion }>;
  /** Asks which faults the expectations of a dataset find; a job answers. @throws DomainError NOT_FOUND, CONFLICT, INVALID_ARGUMENT */
  requestTest(request: TestSuiteRequest): Promise<ExpectationTestSummary>;
  /** Makes a test that was asked for; one that has ended is left as it is. */
  runTest(request: { id: string; cause: Cause; isLastTry: boolean; signal?: AbortSignal }): Promise<void>;
  /** @throws DomainError NOT_FOUND */
  test(id: string): Promise<ExpectationTest>;
  /** Newest first. @throws DomainError NOT_FOUND for an unknown project */
  tests(query: {
    project: string;
    dataset: string;
    after?: TestPlace | undefined;
    limit: number;
  }): Promise<ExpectationTestSummary[]>;
}

export function createExpectations(deps: ExpectationsDeps): Expectations {
  const { datasets } = deps;
  return {
    async check(request) {
      const version = await datasets.get(request.versionId);
      if (version.status !== 'pending') return version;
      const outcome = await examine(deps, version, request);
      const report = { suite: outcome.suite, results: outcome.results };
      const { profiled, split } = outcome;
      const status = verdictOf(report);
      return await datasets.settle(
        { versionId: version.id, status, profiled, report, ...(split && { split }) },
        request.cause,
      );
    },
    recheck: (versionId, cause) => datasets.requestCheck(versionId, cause),
    async suggest(versionId) {
      const version = await datasets.describe(versionId);
      return { ...(await suggestionOf(deps, version)), version };
    },
    requestTest: (request) => requestTest(deps, request),
    async runTest({ isLastTry, ...request }) {
      try {
        await runTest(deps, request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!isLastTry && !isHopeless(error)) throw error;
        await failTest(deps, request.id, reasonOf(error), request.cause);
      }
    },
    async test(id) {
      const { mostFaults: _most, ...test } = await getTest(deps, id);
      return test;
    },
    async tests(query) {
      await deps.projects.get(query.project);
      return await listTests(deps.database.read, query);
    },
  };
}

interface Outcome {
  readonly suite: { readonly path: string; readonly digest: string } | null;
  readonly results: ExpectationResult[];
  readonly profiled: Awaited<ReturnType<Datasets['scan']>> | null;
  readonly split?: Split | undefined;
}

async function examine(deps: ExpectationsDeps, version: DatasetVersion, request: CheckRequest): Promise<Outcome> {
  const { signal } = request;
  try {
    const profiled = await readable(() => deps.datasets.scan(version.id, signal));
    if (isResult(profiled)) return { suite: null, results: [profiled], profiled: null };
    const loaded = await suiteOf(deps.projects, version);
    if (isResult(loaded)) return { suite: null, results: [loaded], profiled };
    const suite = loaded?.suite ?? expectationSuite.parse({});
    const judged = await readable(() => judge(deps, version, { suite, profiled, signal }));
    return {
      suite: loaded && { path: loaded.path, digest: loaded.digest },
      profiled,
      ...(isResult(judged) ? { results: [judged] } : judged),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!request.isLastTry && !isHopeless(error)) throw error;
    const unchecked = failed(builtIn('checked', null, 'a check that ends'), reasonOf(error));
    return { suite: null, results: [unchecked], profiled: null };
  }
}

/** Another try would end in the same way. */
function isHopeless(error: unknown): boolean {
  return error instanceof DomainError && error.code !== 'INTERNAL' && !errorCodes[error.code].isRetryable;
}

function reasonOf(error: unknown): string {
  return error instanceof DomainError ? messageOf(error) : 'Capstan failed; the server log has the cause';
}

/** Content that turns out to be damaged is a finding, not a failure. */
async function readable<Result>(read: () => Promise<Result>): Promise<Result | ExpectationResult> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DomainError) || !['INVALID_ARGUMENT', 'DATA_LOSS'].includes(error.code)) throw error;
    return failed(builtIn('readable', null, 'files that can be read to their end'), error.message);
  }
}

async function suiteOf(projects: Projects, version: DatasetVersion): Promise<LoadedSuite | ExpectationResult | null> {
  try {
    return await loadSuite(projects, version.project, version.dataset);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'INVALID_ARGUMENT') throw error;
    return failed(builtIn('expectations', null, 'a file of expectations that can be read'), error.message);
  }
}

function isResult(value: unknown): value is ExpectationResult {
  return typeof value === 'object' && value !== null && 'rule' in value && 'passed' in value;
}
