// What addresses may hold after the question mark. A value that makes no sense is left out, never an error page.

type Given = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Only the members that are there. */
function present<Shape extends object>(shape: Shape): { [K in keyof Shape]?: NonNullable<Shape[K]> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as {
    [K in keyof Shape]?: NonNullable<Shape[K]>;
  };
}

/** The part of a screen that is shown. */
export function tabSearch(given: Given) {
  return present({ tab: text(given['tab']) });
}

/** A version of a dataset: the part shown, and the version that it is compared with. */
export function datasetVersionSearch(given: Given) {
  return present({ tab: text(given['tab']), since: text(given['since']) });
}

/** A run: the part shown and the file opened, of the run itself or of a model that it logged. */
export function artifactSearch(given: Given) {
  return present({
    tab: text(given['tab']),
    path: text(given['path']),
    model: text(given['model']),
    ...chartSearch(given),
  });
}

const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;

function record<Value>(value: unknown, isValue: (item: unknown) => item is Value): Record<string, Value> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value).filter((entry): entry is [string, Value] => isValue(entry[1]));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** One order or several, the first before the others. */
function sorts(value: unknown): readonly string[] | undefined {
  const all = texts(value) ?? texts([value]);
  return all === undefined || all.length === 0 ? undefined : all;
}

const oneOf =
  <const Options extends readonly string[]>(options: Options) =>
  (value: unknown): value is Options[number] =>
    options.includes(value as string);

const isMetricValue = oneOf(['last', 'min', 'max', 'best']);
const isWidth = (value: unknown): value is number => typeof value === 'number' && value > 0;

/** How charts of metrics are drawn. */
function chartSearch(given: Given) {
  const isAxis = oneOf(['step', 'relative', 'wall']);
  const smooth = given['smooth'];
  return {
    x: isAxis(given['x']) ? given['x'] : undefined,
    smooth: typeof smooth === 'number' && smooth > 0 && smooth < 1 ? smooth : undefined,
    log: given['log'] === true ? true : undefined,
    logX: given['logX'] === true ? true : undefined,
    charts: text(given['charts']),
  };
}

/**
 * A view of an experiment: the part shown, filter and order in MLflow's words, columns with their widths and values,
 * groups, nesting, charts. All of it is in the address, so an address is a saved view.
 */
export function runsSearch(given: Given) {
  return present({
    tab: text(given['tab']),
    filter: text(given['filter']),
    sort: sorts(given['sort']),
    columns: texts(given['columns']),
    values: record(given['values'], isMetricValue),
    widths: record(given['widths'], isWidth),
    group: texts(given['group']),
    nest: typeof given['nest'] === 'boolean' ? given['nest'] : undefined,
    differing: given['differing'] === true ? true : undefined,
    view: given['view'] === 'deleted' ? ('deleted' as const) : undefined,
    ...chartSearch(given),
  });
}

/** Runs side by side. */
export function compareSearch(given: Given) {
  return present({
    runs: texts(given['runs']),
    base: text(given['base']),
    tab: text(given['tab']),
    differing: given['differing'] === false ? false : undefined,
    axes: texts(given['axes']),
    across: text(given['across']),
    up: text(given['up']),
    ...chartSearch(given),
  });
}

/** A table of traces: filter and order in MLflow's words. */
export function tracesSearch(given: Given) {
  return present({ filter: text(given['filter']), sort: text(given['sort']) });
}

/** Evaluation datasets: those of an experiment, filter and order in MLflow's words. */
export function evaluationDatasetsSearch(given: Given) {
  const id = given['experiment'];
  return present({ ...tracesSearch(given), experiment: typeof id === 'number' ? String(id) : text(id) });
}

/** An evaluation dataset: the record that is open. */
export function evaluationDatasetSearch(given: Given) {
  return present({ record: text(given['record']) });
}

/** A trace: the span that is open. */
export function traceSearch(given: Given) {
  return present({ span: text(given['span']) });
}

/** What answers were worth, by what. */
export function valueSearch(given: Given) {
  const groupings = ['month', 'week', 'day', 'version'] as const;
  return present({ by: groupings.find((grouping) => grouping === given['by']) });
}

/** The log of facts: at one of them, or about one object. */
export function auditSearch(given: Given) {
  return present({
    at: typeof given['at'] === 'number' ? given['at'] : undefined,
    subject: text(given['subject']),
    type: text(given['type']),
  });
}
