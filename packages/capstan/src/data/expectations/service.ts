import { errorCodes, expectationSuite, type DatasetVersion, type ExpectationResult } from '@capstan/api';
import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import type { Analytics } from '#ports/analytics';
import type { Clock } from '#ports/clock';
import type { ReferenceVersion } from './distribution-rules.ts';
import { evaluate } from './evaluate.ts';
import { builtIn, failed, verdictOf } from './model.ts';
import { loadSuite, type LoadedSuite } from './suite.ts';

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
}

interface ExpectationsDeps {
  readonly datasets: Datasets;
  readonly projects: Projects;
  readonly analytics: Analytics;
  readonly clock: Clock;
}

export function createExpectations(deps: ExpectationsDeps): Expectations {
  const { datasets } = deps;
  return {
    async check(request) {
      const version = await datasets.get(request.versionId);
      if (version.status !== 'pending') return version;
      const outcome = await examine(deps, version, request);
      const report = { suite: outcome.suite, results: outcome.results };
      const settlement = { versionId: version.id, status: verdictOf(report), profiled: outcome.profiled, report };
      return await datasets.settle(settlement, request.cause);
    },
    recheck: (versionId, cause) => datasets.requestCheck(versionId, cause),
  };
}

interface Outcome {
  readonly suite: { readonly path: string; readonly digest: string } | null;
  readonly results: ExpectationResult[];
  readonly profiled: Awaited<ReturnType<Datasets['scan']>> | null;
}

async function examine(deps: ExpectationsDeps, version: DatasetVersion, request: CheckRequest): Promise<Outcome> {
  const { signal } = request;
  try {
    const profiled = await readable(() => deps.datasets.scan(version.id, signal));
    if (isResult(profiled)) return { suite: null, results: [profiled], profiled: null };
    const loaded = await suiteOf(deps.projects, version);
    if (isResult(loaded)) return { suite: null, results: [loaded], profiled };
    const results = await readable(() => evaluateVersion(deps, version, { loaded, profiled, signal }));
    return {
      suite: loaded && { path: loaded.path, digest: loaded.digest },
      results: isResult(results) ? [results] : results,
      profiled,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const isHopeless = error instanceof DomainError && error.code !== 'INTERNAL' && !errorCodes[error.code].isRetryable;
    if (!request.isLastTry && !isHopeless) throw error;
    const reason = error instanceof DomainError ? messageOf(error) : 'Capstan failed; the server log has the cause';
    return { suite: null, results: [failed(builtIn('checked', null, 'a check that ends'), reason)], profiled: null };
  }
}

async function evaluateVersion(
  deps: ExpectationsDeps,
  version: DatasetVersion,
  given: { loaded: LoadedSuite | null; profiled: NonNullable<Outcome['profiled']>; signal: AbortSignal | undefined },
): Promise<ExpectationResult[]> {
  const { datasets, projects, analytics, clock } = deps;
  const { declaration } = await projects.get(version.project);
  return await evaluate({
    version,
    files: await datasets.filesToCheck(version.id),
    profiled: given.profiled,
    suite: given.loaded?.suite ?? expectationSuite.parse({}),
    key: declaration.datasets[version.dataset]?.key ?? [],
    now: clock.now(),
    analytics,
    signal: given.signal,
    async reference(dataset) {
      const latest = await datasets.latest(version.project, dataset);
      return latest && { files: await datasets.files(latest.id), columns: latest.columns };
    },
    referenceVersion: (which) => referenceVersion(datasets, version, which),
  });
}

/** An accepted version of the same dataset, other than the one that is judged. */
async function referenceVersion(
  datasets: Datasets,
  { id, project, dataset }: DatasetVersion,
  which: number | 'accepted',
): Promise<ReferenceVersion | undefined> {
  const found =
    which === 'accepted' ? await datasets.latest(project, dataset) : await datasets.byNumber(project, dataset, which);
  if (!found || found.id === id || found.status !== 'accepted') return undefined;
  const { number, rows, columns } = found;
  return { number, rows, columns, files: await datasets.files(found.id) };
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
