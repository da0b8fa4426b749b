// Traces with their spans, gathered into batches of bounded size, and the files that their spans name.
import type { SourceSpan, SourceTrace, TraceSpans } from '#ports/tracking-source';
import { bringFiles, listFiles } from './files.ts';
import type { Import } from './one-import.ts';
import { isRefusal, markOf } from './runs.ts';
import type { Target } from './target.ts';

type SentTrace = Parameters<Target['client']['imports']['traces']>[0]['body']['traces'][number];

/** What one call carries at most: while it is stored, other writers wait. */
const MOST_SPANS = 2_000;
const MOST_TRACES = 100;
const MOST_CHARACTERS = 8_000_000;

interface Marked {
  readonly trace: SourceTrace;
  readonly mark: string;
}

/** Brings the traces of an experiment that are not here as they are at the source. */
export async function importTraces(one: Import, experimentId: string): Promise<void> {
  const { source, target, options, progress } = one;
  let unreadable = 0;
  for await (const page of source.traces(experimentId)) {
    const marked = page.map((trace): Marked => ({ trace, mark: markOf([trace, options.hasFiles]) }));
    const items = marked.map(({ trace, mark }) => ({ id: trace.id, mark }));
    const { ids } = await target.call(() =>
      target.client.imports.pending({ body: { source: source.address, kind: 'trace', items } }),
    );
    const wanted = new Set(ids);
    const pending = marked.filter(({ trace }) => wanted.has(trace.id));
    progress.counts.unchangedTraces += page.length - pending.length;
    if (options.isDryRun) progress.counts.traces += pending.length;
    else unreadable += await importPage(one, pending);
    progress.moved();
  }
  if (unreadable === 0) return;
  progress.tell({
    event: 'refused',
    what: `spans of ${unreadable} traces of experiment ${experimentId}`,
    reason:
      'They lie where they cannot be read from here. Say where with --artifacts, or import from the running server',
  });
}

/** Returns of how many traces the spans could not be read. */
async function importPage(one: Import, pending: readonly Marked[]): Promise<number> {
  const { source, target, progress } = one;
  const batch = createTraceBatch(one);
  const told = new Map<string, TraceSpans>();
  const byId = new Map(pending.map((item) => [item.trace.id, item.trace]));
  for await (const spans of source.spans(pending.map(({ trace }) => trace))) {
    const trace = byId.get(spans.traceId);
    if (!trace) continue;
    told.set(spans.traceId, { ...spans, spans: [] });
    await batch.add(trace, spans.spans);
  }
  for (const { trace } of pending) if (!told.has(trace.id)) await batch.add(trace, []);
  await batch.flush();

  const whole: { id: string; mark: string }[] = [];
  for (const { trace, mark } of pending) {
    if (batch.refused.has(trace.id)) continue;
    progress.counts.traces += 1;
    const spans = told.get(trace.id);
    if (spans && (!spans.hasFiles || (await bringTraceFiles(one, trace)))) whole.push({ id: trace.id, mark });
  }
  if (whole.length > 0) {
    await target.call(() =>
      target.client.imports.done({ body: { source: source.address, kind: 'trace', items: whole } }),
    );
  }
  return pending.length - told.size;
}

async function bringTraceFiles(one: Import, { id, artifactUri }: SourceTrace): Promise<boolean> {
  const { source, target, options, progress } = one;
  if (!options.hasFiles) return true;
  const owner = { kind: 'trace', id, artifactUri } as const;
  const files = await listFiles(source, owner, progress);
  return files !== null && (await bringFiles(source, target, owner, files, progress));
}

interface TraceBatch {
  /** Ids of traces that the server does not take. */
  readonly refused: ReadonlySet<string>;
  add(trace: SourceTrace, spans: readonly SourceSpan[]): Promise<void>;
  /** Sends what is left. */
  flush(): Promise<void>;
}

function createTraceBatch(one: Import): TraceBatch {
  const refused = new Set<string>();
  let batch: SentTrace[] = [];
  let spans = 0;
  let characters = 0;

  async function flush(): Promise<void> {
    const sent = batch;
    [batch, spans, characters] = [[], 0, 0];
    if (sent.length > 0) for (const id of await sendTraces(one, sent)) refused.add(id);
  }

  return {
    refused,
    async add(trace, all) {
      // A long trace is sent in parts: spans add up.
      for (let start = 0; start === 0 || start < all.length; start += MOST_SPANS) {
        const part = all.slice(start, start + MOST_SPANS);
        if (spans + part.length > MOST_SPANS || batch.some(({ id }) => id === trace.id)) await flush();
        const sent = sentTrace(one, trace, part);
        batch.push(sent);
        spans += part.length;
        characters += JSON.stringify(sent).length;
        if (characters >= MOST_CHARACTERS || batch.length >= MOST_TRACES) await flush();
      }
    },
    flush,
  };
}

function sentTrace({ places }: Import, trace: SourceTrace, spans: readonly SourceSpan[]): SentTrace {
  const { artifactUri: _uri, experimentId, tags, metadata, assessments, runs, prompts, ...facts } = trace;
  return {
    ...facts,
    experimentId: places.get(experimentId) ?? experimentId,
    tags: { ...tags },
    metadata: { ...metadata },
    assessments: assessments.map(({ value, ...assessment }) => ({
      ...assessment,
      value: value as SentTrace['assessments'][number]['value'],
      metadata: { ...assessment.metadata },
    })),
    runs: [...runs],
    prompts: [...prompts],
    spans: spans.map(({ attributes, events, links, ...span }) => ({
      ...span,
      attributes: { ...attributes },
      events: events.map((event) => ({ ...event, attributes: { ...event.attributes } })),
      links: links.map((link) => ({ ...link, attributes: { ...link.attributes } })),
    })),
  };
}

/** Sends a batch; where it is refused, each trace by itself, so that one bad trace keeps no other out. */
async function sendTraces(one: Import, traces: readonly SentTrace[]): Promise<readonly string[]> {
  const { source, target, progress } = one;
  try {
    await target.call(() => target.client.imports.traces({ body: { source: source.address, traces: [...traces] } }));
    for (const { spans } of traces) progress.counts.spans += spans.length;
    progress.moved();
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [only] = traces;
    if (traces.length === 1 && only) {
      progress.tell({ event: 'refused', what: `trace ${only.id}`, reason: error.problem.detail });
      return [only.id];
    }
    const refused: string[] = [];
    for (const trace of traces) refused.push(...(await sendTraces(one, [trace])));
    return refused;
  }
}
