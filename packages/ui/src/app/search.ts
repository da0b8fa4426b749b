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

/** A run: the part shown and the file opened. */
export function artifactSearch(given: Given) {
  return present({ tab: text(given['tab']), path: text(given['path']) });
}

/** A table of runs: filter and order in MLflow's words, and the columns. */
export function runsSearch(given: Given) {
  const columns = given['columns'];
  return present({
    filter: text(given['filter']),
    sort: text(given['sort']),
    columns: Array.isArray(columns) ? columns.filter((column) => typeof column === 'string') : undefined,
    view: given['view'] === 'deleted' ? ('deleted' as const) : undefined,
  });
}

/** A table of traces: filter and order in MLflow's words. */
export function tracesSearch(given: Given) {
  return present({ filter: text(given['filter']), sort: text(given['sort']) });
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
