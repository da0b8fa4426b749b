import type { GateVerdict } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import type { VerdictCheck } from '#model/registry';
import { withBench, type Bench, type Evaluate } from './bench.ts';
import type { GatesDeps } from './deps.ts';
import { statusOf } from './model.ts';
import { runGates } from './run-gates.ts';
import * as store from './store.ts';

/**
 * Judges a version by every gate the project declares, and always whether the rows it is judged on were unseen; stores the
 * verdict and tells it. The champion is the version that the registry's alias names now.
 * @throws DomainError NOT_FOUND; INVALID_ARGUMENT; CONFLICT for rows that are not accepted or have no labels
 */
export async function evaluate(deps: GatesDeps, request: Evaluate): Promise<GateVerdict> {
  const { requestKey, cause } = request;
  const known = requestKey === undefined ? undefined : await store.findRequested(deps.database.read, requestKey);
  if (known) return known;
  const judged = await withBench(deps, request, async (bench) => ({ bench, checks: await runGates(bench) }));
  return await record(deps, verdictOf(deps, request, judged.bench, judged.checks), requestKey, cause);
}

function verdictOf(deps: GatesDeps, request: Evaluate, bench: Bench, checks: readonly VerdictCheck[]): GateVerdict {
  const { rows, candidate, champion, baseline } = bench;
  return {
    id: deps.ids.next('vd'),
    project: request.project,
    model: request.model,
    version: request.version,
    status: statusOf(checks),
    championVersion: champion?.version ?? null,
    evaluation: {
      datasetVersionId: request.evaluation,
      rows: rows.count,
      from: rows.span?.from ?? null,
      to: rows.span?.to ?? null,
      metric: bench.model.metric,
      baselineProbability: request.baselineProbability,
      candidate: candidate.losses?.score ?? null,
      champion: champion?.losses?.score ?? null,
      baseline: baseline?.score ?? null,
    },
    checks: checks.map(({ interval, ...check }) => ({
      ...check,
      ...(interval && { interval: [interval[0], interval[1]] }),
    })),
    cycle: request.cause.cycle ?? null,
    actor: request.cause.actor,
    at: deps.clock.now(),
  };
}

async function record(
  deps: GatesDeps,
  verdict: GateVerdict,
  requestKey: string | undefined,
  cause: Cause,
): Promise<GateVerdict> {
  const { project, model, version, championVersion, evaluation, checks } = verdict;
  return await deps.database.write(async (writer) => {
    // Two that judge for one key get one verdict.
    const known = requestKey === undefined ? undefined : await store.findRequested(writer, requestKey);
    if (known) return known;
    await store.insertVerdict(writer, verdict, requestKey ?? null);
    await deps.events.append(writer, cause, {
      type: 'verdict.given',
      project,
      subject: `model-version:${model}/${version}`,
      payload: {
        model,
        version,
        verdict: verdict.id,
        status: verdict.status,
        ...(championVersion !== null && { champion: championVersion }),
        evaluation: evaluation.datasetVersionId,
        rows: evaluation.rows,
        ...(evaluation.baselineProbability !== null && { baselineProbability: evaluation.baselineProbability }),
        checks,
      },
    });
    return verdict;
  });
}
