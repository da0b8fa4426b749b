// Clients that write to a tracking server through MLflow's API and keep a ledger of what they were told is written, so that
// it can be compared with what is there after the server was killed.
import { setTimeout as sleep } from 'node:timers/promises';

const core = '/api/2.0/mlflow';
const POINTS = 20;

/** What a call leads to: `told` once it was answered with success; before, it may have been written or not. */
interface Written<What> {
  readonly what: What;
  isTold: boolean;
}

interface Batch {
  readonly run: string;
  /** Name of its metric of 20 points, its param and its tag. */
  readonly key: string;
}

interface File {
  readonly run: string;
  readonly path: string;
  readonly text: string;
}

export interface Ledger {
  /** Runs that were answered. */
  readonly runs: string[];
  readonly batches: Written<Batch>[];
  readonly files: Written<File>[];
  readonly versions: Written<{ readonly tag: string; version?: string }>[];
  /** Answers other than success, 503 and a lost connection. */
  readonly surprises: string[];
}

export function emptyLedger(): Ledger {
  return { runs: [], batches: [], files: [], versions: [], surprises: [] };
}

export interface Client {
  /** Null where the server was away: the connection was lost, or it said 503. @throws never */
  call(method: string, path: string, body: string, type?: string): Promise<unknown>;
}

export function createClient(url: () => string, ledger: Ledger, signal: AbortSignal): Client {
  return {
    async call(method, path, body, type = 'application/json') {
      try {
        const answer = await fetch(`${url()}${path}`, {
          method,
          headers: { 'content-type': type },
          ...(method !== 'GET' && { body }),
          signal,
        });
        const text = await answer.text();
        if (answer.ok) return type === 'application/json' ? (JSON.parse(text) as unknown) : text;
        if (answer.status !== 503) ledger.surprises.push(`${answer.status} ${method} ${path}: ${text.slice(0, 300)}`);
        else if (answer.headers.get('retry-after') === null) ledger.surprises.push('503 without Retry-After');
      } catch {
        // Nobody listens, or the connection broke.
      }
      return null;
    },
  };
}

export const MODEL = 'survivor';

/** Writes one thing after the other until `signal` aborts. `name` tells this client's things from others'. */
export async function write(name: string, client: Client, ledger: Ledger, signal: AbortSignal): Promise<void> {
  const own: string[] = [];
  for (let round = 0; !signal.aborted; round++) {
    const key = `${name}-${round}`;
    const run = own.at(-1);
    const wasWritten =
      run === undefined || round % 25 === 0
        ? await createRun(client, ledger, own, key)
        : round % 9 === 1
          ? await putFile(client, ledger, { run, path: `${key}.txt`, text: key.repeat(500) })
          : round % 9 === 2
            ? await createVersion(client, ledger, run, key)
            : await logBatch(client, ledger, { run, key });
    // A server that is away is asked again a little later.
    if (!wasWritten) await sleep(20);
  }
}

async function createRun(client: Client, ledger: Ledger, own: string[], key: string): Promise<boolean> {
  const body = JSON.stringify({ experiment_id: '0', tags: [{ key: 'name', value: key }], start_time: 1 });
  const answer = (await client.call('POST', `${core}/runs/create`, body)) as {
    run: { info: { run_id: string } };
  } | null;
  if (!answer) return false;
  own.push(answer.run.info.run_id);
  ledger.runs.push(answer.run.info.run_id);
  return true;
}

async function logBatch(client: Client, ledger: Ledger, what: Batch): Promise<boolean> {
  const entry = { what, isTold: false };
  ledger.batches.push(entry);
  const metrics = Array.from({ length: POINTS }, (_, step) => ({
    key: what.key,
    value: step / 3,
    timestamp: step,
    step,
  }));
  const text = [{ key: what.key, value: what.key }];
  const body = JSON.stringify({ run_id: what.run, metrics, params: text, tags: text });
  entry.isTold = (await client.call('POST', `${core}/runs/log-batch`, body)) !== null;
  return entry.isTold;
}

async function putFile(client: Client, ledger: Ledger, what: File): Promise<boolean> {
  const entry = { what, isTold: false };
  ledger.files.push(entry);
  entry.isTold = (await client.call('PUT', fileAddress(what), what.text, 'text/plain')) !== null;
  return entry.isTold;
}

async function createVersion(client: Client, ledger: Ledger, run: string, tag: string): Promise<boolean> {
  const entry: Ledger['versions'][number] = { what: { tag }, isTold: false };
  ledger.versions.push(entry);
  const body = JSON.stringify({
    name: MODEL,
    source: `runs:/${run}/`,
    run_id: run,
    tags: [{ key: 'tag', value: tag }],
  });
  const answer = (await client.call('POST', `${core}/model-versions/create`, body)) as {
    model_version: { version: string };
  } | null;
  if (!answer) return false;
  entry.isTold = true;
  entry.what.version = answer.model_version.version;
  return true;
}

export function fileAddress({ run, path }: Pick<File, 'run' | 'path'>): string {
  return `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${path}`;
}
