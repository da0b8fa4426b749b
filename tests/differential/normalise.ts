// Replies as they compare: ids by their place in the programme, no times of a server's own clock, lists in one order.
import { fromJson, type Kind, type Scope } from './programme.ts';

const ownTimes = new Set([
  'creation_time',
  'last_update_time',
  'creation_timestamp',
  'last_updated_timestamp',
  'creation_timestamp_ms',
  'last_updated_timestamp_ms',
]);
/** What is in an order that nobody promises. */
const unordered = new Set([
  'tags',
  'params',
  'aliases',
  'dataset_inputs',
  'model_inputs',
  'model_outputs',
  'dataset_summaries',
  'experiments',
  'models',
  'files',
  'model_versions',
  'latest_versions',
]);
/** Of a run or model; a history, which stands alone, has a promised order. */
const unorderedWithin = new Set(['data.metrics']);
/** Of the error's words only its code is MLflow's promise. */
const unpromised = new Set(['message', 'sqlstate', 'error_class', 'request_id', 'next_page_token']);
const madeUpName = /^[a-z]+-[a-z]+-\d+$/;

/**
 * A reply's text as a value that equals that of another server with the same content.
 * @throws Error where `isByRunId` and it is not
 */
export function normalise(text: string, scope: Scope, isByRunId = false): unknown {
  let parsed: unknown;
  try {
    parsed = fromJson(text);
  } catch {
    return { '(no JSON)': true };
  }
  const normal = normalValue(parsed, '', new Names(scope));
  return isByRunId ? runByRun(parsed as RunPoints, normal as RunPoints) : normal;
}

class Names {
  readonly #long = new Map<string, string>();
  readonly #experiments: ReadonlyMap<string, string>;
  readonly #prefix: string;

  constructor({ ids, prefix }: Scope) {
    for (const kind of ['run', 'model'] as Kind[])
      for (const [n, id] of ids[kind].entries()) this.#long.set(id, `<${kind} ${n}>`);
    this.#experiments = new Map(ids.experiment.map((id, n) => [id, `<experiment ${n}>`]));
    this.#prefix = prefix;
  }

  experiment(id: string): string {
    return this.#experiments.get(id) ?? id;
  }

  inText(text: string): string {
    return text
      .replaceAll(this.#prefix, '<p>')
      .replaceAll(/(?:m-)?[0-9a-f]{32}/g, (id) => this.#long.get(id) ?? id)
      .replace(/^mlflow-artifacts:\/(\d+)(?=\/|$)/, (_, id: string) => `mlflow-artifacts:/${this.experiment(id)}`);
  }
}

function normalValue(value: unknown, field: string, names: Names): unknown {
  if (ownTimes.has(field)) return typeof value === 'number' ? '<time>' : value;
  if (typeof value === 'string') return normalText(value, field, names);
  if (Array.isArray(value)) {
    const items = value.map((item) => normalValue(item, '', names));
    return unordered.has(field.split('.').at(-1) ?? '') || unorderedWithin.has(field)
      ? items.toSorted((a, b) => compareTexts(JSON.stringify(a), JSON.stringify(b)))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const read = (key: string, item: unknown): unknown => {
    if (isOfTag('mlflow.runName', value, key)) return normalName(item, names);
    if (isOfTag('mlflow.log-model.history', value, key)) return normalHistory(item, names);
    return normalValue(item, key === 'metrics' ? `${field}.${key}` : key, names);
  };
  const entries = Object.entries(value)
    .filter(([key]) => !unpromised.has(key))
    .map(([key, item]) => [key, read(key, item)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => compareTexts(a, b)));
}

interface RunPoints {
  readonly metrics?: readonly { readonly run_id: string }[];
}

/** Ids are others on each server: their order is asked of each alone, and the order within a run compared. */
function runByRun({ metrics: sent = [] }: RunPoints, normal: RunPoints): RunPoints {
  const ids = sent.map(({ run_id: id }) => id);
  if (ids.some((id, index) => compareTexts(ids[index - 1] ?? '', id) > 0))
    throw new Error(`Runs out of order: ${ids.join(' ')}`);
  return normal.metrics
    ? { ...normal, metrics: normal.metrics.toSorted((a, b) => compareTexts(a.run_id, b.run_id)) }
    : normal;
}

function normalText(text: string, field: string, names: Names): string {
  if (field === 'experiment_id') return names.experiment(text);
  return field === 'run_name' || field === 'name' ? String(normalName(text, names)) : names.inText(text);
}

/** The list that clients before 3.0 keep: MLflow fills in fields of its own. */
function normalHistory(text: unknown, names: Names): unknown {
  const models = typeof text === 'string' ? (JSON.parse(text) as { [field: string]: unknown }[]) : [];
  return models.map(({ run_id, artifact_path, utc_time_created, flavors }) =>
    normalValue({ run_id, artifact_path, utc_time_created, flavors }, '', names),
  );
}

function isOfTag(key: string, owner: object, field: string): boolean {
  return field === 'value' && 'key' in owner && owner.key === key;
}

function normalName(name: unknown, names: Names): unknown {
  if (typeof name !== 'string') return name;
  return madeUpName.test(name) ? '<made up>' : names.inText(name);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
