import { DomainError } from '#kernel/errors';
import type { FileOwner, SourceFile, SourceTrace, TraceSpans } from '#ports/tracking-source';
import { list, object, number, text, textOrNull, type Json, type RestClient } from './rest-client.ts';
import { spansOfFile } from './spans.ts';
import { hasSpansSomewhere, traceOf } from './trace-messages.ts';

const API = '/api/3.0/mlflow';
const PAGE = 500;
/** Questions asked at a time. */
const AT_ONCE = 8;
/** A trace that has no spans is told by an error that would be worth another try anywhere else. */
const SPAN_TRIES = 2;

/** What traces are linked to, by trace id. */
interface TraceLinks {
  readonly runs: ReadonlyMap<string, readonly string[]>;
  readonly prompts: ReadonlyMap<string, readonly string[]>;
}

/** Pages of what a search of traces finds. */
async function* foundTraces(
  rest: RestClient,
  experimentIds: readonly string[],
  filter?: string,
): AsyncIterable<Json[]> {
  for (let token: string | undefined; ;) {
    const page = await rest.post(`${API}/traces/search`, {
      locations: experimentIds.map((id) => ({
        type: 'MLFLOW_EXPERIMENT',
        mlflow_experiment: { experiment_id: id },
      })),
      max_results: PAGE,
      order_by: ['timestamp_ms ASC'],
      ...(filter !== undefined && { filter }),
      ...(token !== undefined && { page_token: token }),
    });
    const items = list(page['traces']);
    if (items.length > 0) yield items;
    token = textOrNull(page['next_page_token']) ?? undefined;
    if (token === undefined) return;
  }
}

/**
 * Reads the traces of an experiment. Links are looked for once, for all experiments, when the first traces are asked for.
 * @param about what else the server has: runs and prompt versions that traces may be linked to
 */
export function traceReader(
  rest: RestClient,
  about: {
    experimentIds(): Promise<readonly string[]>;
    runIds(experimentId: string): AsyncIterable<readonly string[]>;
    promptVersions(): AsyncIterable<string>;
  },
): (experimentId: string) => AsyncIterable<SourceTrace[]> {
  let links: Promise<TraceLinks> | undefined;
  async function findLinks(): Promise<TraceLinks> {
    const experimentIds = await about.experimentIds();
    const withTraces: string[] = [];
    for (const id of experimentIds) if (await hasTraces(rest, id)) withTraces.push(id);
    if (withTraces.length === 0) return { runs: new Map(), prompts: new Map() };
    const runs: string[] = [];
    for (const id of experimentIds) for await (const page of about.runIds(id)) runs.push(...page);
    const prompts: string[] = [];
    for await (const version of about.promptVersions()) prompts.push(version);
    return await linksOf(rest, withTraces, { runs, prompts });
  }
  return async function* (experimentId) {
    for await (const page of foundTraces(rest, [experimentId])) {
      const known = await (links ??= findLinks());
      yield page.map((item) => toTrace(item, experimentId, known));
    }
  };
}

function toTrace(item: Json, experimentId: string, links: TraceLinks): SourceTrace {
  const trace = traceOf(item, experimentId);
  return { ...trace, runs: links.runs.get(trace.id) ?? [], prompts: links.prompts.get(trace.id) ?? [] };
}

/**
 * Links of traces, found by asking for the traces of each run and of each prompt version: MLflow tells them in no other way.
 * @param targets run ids, and prompt versions as `NAME/VERSION`
 */
async function linksOf(
  rest: RestClient,
  experimentIds: readonly string[],
  targets: { readonly runs: readonly string[]; readonly prompts: readonly string[] },
): Promise<TraceLinks> {
  const links = { runs: new Map<string, string[]>(), prompts: new Map<string, string[]>() };
  const ask = async (kind: 'runs' | 'prompts', target: string): Promise<void> => {
    const clause = `${kind === 'runs' ? 'run_id' : 'prompt'} = '${target.replaceAll("'", "''")}'`;
    for await (const page of foundTraces(rest, experimentIds, clause)) {
      for (const item of page) {
        const metadata = object(item['trace_metadata']);
        // What a trace says itself is no link.
        if (kind === 'runs' && metadata['mlflow.sourceRun'] === target) continue;
        const id = text(item['trace_id']);
        const known = links[kind].get(id);
        if (known) known.push(target);
        else links[kind].set(id, [target]);
      }
    }
  };
  const questions = [
    ...targets.runs.map((target) => ['runs', target] as const),
    ...targets.prompts.map((target) => ['prompts', target] as const),
  ];
  for (let start = 0; start < questions.length; start += AT_ONCE) {
    await Promise.all(questions.slice(start, start + AT_ONCE).map(([kind, target]) => ask(kind, target)));
  }
  for (const map of Object.values(links)) for (const found of map.values()) found.sort();
  return links;
}

async function hasTraces(rest: RestClient, experimentId: string): Promise<boolean> {
  for await (const page of foundTraces(rest, [experimentId])) return page.length > 0;
  return false;
}

export async function* spansOf(rest: RestClient, traces: readonly SourceTrace[]): AsyncIterable<TraceSpans> {
  for (let start = 0; start < traces.length; start += AT_ONCE) {
    const group = traces.slice(start, start + AT_ONCE);
    const found = await Promise.all(
      group.map(async (trace) => {
        const told = await rest
          .text('/ajax-api/2.0/mlflow/get-trace-artifact', { request_id: trace.id }, SPAN_TRIES)
          .catch((error: unknown) => {
            if (error instanceof DomainError && error.details?.['status'] !== undefined) return null;
            throw error;
          });
        if (told !== null) return spansOfFile(trace.id, told);
        return hasSpansSomewhere(trace) ? null : { traceId: trace.id, spans: [], hasFiles: false };
      }),
    );
    for (const spans of found) if (spans) yield spans;
  }
}

const FILES = '/api/2.0/mlflow-artifacts/artifacts';

/** Files of a trace that lie with the server. @throws DomainError UNAVAILABLE for those that it does not keep itself */
export async function traceFiles(rest: RestClient, owner: FileOwner): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const root = rootOf(owner);
  async function walk(folder: string): Promise<void> {
    const path = folder === '' ? root : `${root}/${folder}`;
    for (const entry of list((await rest.get(FILES, { path }))['files'])) {
      const inner = folder === '' ? text(entry['path']) : `${folder}/${text(entry['path'])}`;
      if (entry['is_dir'] === true) await walk(inner);
      else files.push({ path: inner, sizeBytes: number(entry['file_size']), changed: '' });
    }
  }
  await walk('');
  return files;
}

export async function openTraceFile(rest: RestClient, owner: FileOwner, file: SourceFile) {
  const path = `${rootOf(owner)}/${file.path}`.split('/').map(encodeURIComponent).join('/');
  return await rest.stream(`${FILES}/${path}`);
}

function rootOf({ artifactUri }: FileOwner): string {
  const root = /^mlflow-artifacts:(?:\/\/[^/]+)?\/*(.+?)\/*$/.exec(artifactUri)?.[1];
  if (root !== undefined) return root;
  throw new DomainError('UNAVAILABLE', `The files at ${artifactUri.slice(0, 200)} are not kept by the server itself`, {
    field: 'artifacts',
    hint: 'Import from its database, with --artifacts URI=FOLDER.',
  });
}
