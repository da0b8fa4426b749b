import type { Texts } from '#ports/tracking-source';

/** Tag in which MLflow keeps the experiments of a prompt, as `,1,2,`. */
const EXPERIMENTS_OF_PROMPT = '_mlflow_experiment_ids';

/** Tags that name experiments by the ids that these have here. */
export function withPlaces(tags: Texts, places: ReadonlyMap<string, string>): Record<string, string> {
  const ids = tags[EXPERIMENTS_OF_PROMPT];
  if (ids === undefined) return { ...tags };
  return { ...tags, [EXPERIMENTS_OF_PROMPT]: ids.replaceAll(/[^,]+/g, (id) => places.get(id) ?? id) };
}
