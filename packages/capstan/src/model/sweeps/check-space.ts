import type { SweepRequest, SweepSpace } from '@capstan/api';
import { DomainError, invalid } from '#kernel/errors';
import { posix } from 'node:path';
import type { SweepsDeps } from './deps.ts';
import { gridSize, isList, overridesOf, placeOf, sizeOf, type Point } from './space.ts';

const DEFAULT_TRIALS = 20;

/** How a caller names a place in the request: `field` for people, `details.path` for who knows where it was written. */
function at(path: readonly string[]) {
  return { field: ['body', ...path].join('.'), details: { path } };
}

/**
 * How many trials a sweep has.
 * @throws DomainError INVALID_ARGUMENT for a grid without end, or one larger than what was allowed
 */
export function trialsOf({ method, params, maxTrials }: SweepRequest, most: number): number {
  if (method !== 'grid') return maxTrials ?? DEFAULT_TRIALS;
  const endless = Object.entries(params).find(([, axis]) => sizeOf(axis) === undefined);
  if (endless) {
    throw invalid(`A grid needs a list of values or a step, and '${endless[0]}' is a range without one`, {
      ...at(['params', endless[0]]),
      hint: 'Give it a step or list its values, or search by random or bayesian.',
    });
  }
  const size = gridSize(params) ?? 0;
  const limit = maxTrials ?? most;
  if (size <= limit) return size;
  throw invalid(`The grid has ${size} points, and at most ${limit} trials are allowed`, {
    ...at([maxTrials === undefined ? 'params' : 'maxTrials']),
    hint:
      size <= most
        ? `Allow ${size} trials, make the grid smaller, or search by random.`
        : 'Make the grid smaller, or search by random.',
  });
}

/**
 * Refuses parameters and values that the project's pipeline does not take, before any trial is started.
 * @throws DomainError INVALID_ARGUMENT naming the parameter, with the nearest one as a hint; else as `pipelines.start`
 */
export async function checkSpace(
  pipelines: SweepsDeps['pipelines'],
  project: string,
  space: SweepSpace,
): Promise<void> {
  refuseTwins(space);
  for (const point of probes(space)) {
    try {
      await pipelines.inputsFor({ project, inputs: [], params: overridesOf(point) });
    } catch (error) {
      throw aboutParam(space, error);
    }
  }
}

function refuseTwins(space: SweepSpace): void {
  const seen = new Map<string, string>();
  for (const param of Object.keys(space)) {
    const { file, key } = placeOf(param);
    const place = `${posix.normalize(file)}:${key}`;
    const twin = seen.get(place);
    if (twin !== undefined) throw invalid(`'${twin}' and '${param}' are the same parameter`, at(['params', param]));
    seen.set(place, param);
  }
}

/** So many points that each value of each list is in one, and both ends of each range. */
function probes(space: SweepSpace): Point[] {
  const values = Object.entries(space).map(
    ([param, axis]) => [param, isList(axis) ? axis : [axis.min, axis.max]] as const,
  );
  const count = Math.max(...values.map(([, list]) => list.length));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(values.map(([param, list]) => [param, list[index % list.length] ?? null])),
  );
}

/** The same in the words of the one who asked, where it is about a parameter. */
function aboutParam(space: SweepSpace, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const param = Object.keys(space).find((name) => {
    const { file, key } = placeOf(name);
    return error.field === `params.${file}.${key}` || error.field === `params.${file}`;
  });
  if (param === undefined) return error;
  return new DomainError(error.code, error.message, {
    ...at(['params', param]),
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
