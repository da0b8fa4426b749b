import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import type { Experiments } from '#model/experiments';

/** Tag in which clients before 3.0 kept the models of a run, as a JSON list. */
const HISTORY_TAG = 'mlflow.log-model.history';
const LONGEST_TAG = 8_000;
const NEEDED = ['run_id', 'artifact_path', 'utc_time_created', 'flavors'] as const;

/**
 * Adds a model to the run's tag. The oldest ones make room where the list has grown too long for a tag.
 * @throws DomainError INVALID_ARGUMENT for text that is no description of a model
 */
export async function appendLoggedModel(
  experiments: Experiments,
  runId: string,
  modelJson: string,
  cause: Cause,
): Promise<void> {
  const model = parse(modelJson);
  const run = await experiments.getRun(runId);
  const known = parseList(run.tags.find((tag) => tag.key === HISTORY_TAG)?.value);
  const history = [...known, model];
  while (history.length > 1 && JSON.stringify(history).length > LONGEST_TAG) history.shift();
  await experiments.logBatch({ runId, tags: [{ key: HISTORY_TAG, value: JSON.stringify(history) }], cause });
}

function parse(text: string): object {
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch (cause) {
    throw invalid(`Malformed model info. The text is not JSON: ${text.slice(0, 200)}`, { field: 'model_json', cause });
  }
  const given = typeof model === 'object' && model !== null ? model : {};
  const lacking = NEEDED.filter((key) => !(key in given));
  if (lacking.length === 0) return given;
  throw invalid(`Model json is missing mandatory fields: ${lacking.join(', ')}`, { field: 'model_json' });
}

function parseList(text: string | undefined): unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
