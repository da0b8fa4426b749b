// For tests only: MLflow's routes over real experiments and a real registry, behind a real server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { routes } from '@capstan/api';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import { createOutboundSockets } from '#adapters/outbound-sockets';
import { openDatabase } from '#database';
import { sqliteIn } from '#database/testing';
import { createEvents } from '#events';
import { createHttpServer, identifyLocal } from '#http';
import { createJobs } from '#jobs';
import { createEvaluations, type Evaluations } from '#model/evaluations';
import { createExperiments, createSignedLinks, type Experiments } from '#model/experiments';
import { createRegistry, type ModelRegistry } from '#model/registry';
import { createTraces, type Traces } from '#model/traces';
import { createWebhooks } from '#operations/webhooks';
import { randomIds } from '#ports/ids';
import { mlflowErrors, mlflowRoutesOf, unknownMlflowCall } from './index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface MlflowServer {
  readonly url: string;
  /** Holds the database and, in `blobs`, the bytes. */
  readonly folder: string;
  readonly experiments: Experiments;
  readonly registry: ModelRegistry;
  readonly traces: Traces;
  readonly evaluations: Evaluations;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A message as the body: an object as JSON, a text as it is. */
  send(
    method: string,
    path: string,
    body: object | string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** POST behind `/api/2.0/mlflow/`. */
  post(path: string, body: object | string): Promise<Answer>;
  /** A new run in the default experiment. */
  startRun(name?: string): Promise<string>;
}

/** Ends with the test. */
export async function startMlflow(): Promise<MlflowServer> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-mlflow-'));
  const database = await openDatabase(await sqliteIn(folder));
  const clock = { now: () => 1_700_000_000_000 };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const deps = {
    database,
    events,
    jobs,
    clock,
    ids: randomIds,
    blobs: await createBlobFs({ root: join(folder, 'blobs') }),
  };
  const experiments = createExperiments(deps);
  const registry = createRegistry({ ...deps, experiments });
  const outbound = createOutboundSockets({ schemes: ['http', 'https'], canReachPrivate: true, allowedTargets: [] });
  const traces = createTraces({ ...deps, experiments });
  const evaluations = createEvaluations({ ...deps, experiments });
  const webhooks = createWebhooks({ ...deps, jobs, registry, outbound, secretKey: Buffer.alloc(32) });
  await experiments.ensureDefaultExperiment({ actor: 'test' });
  const http = createHttpServer({
    table: Object.values(routes.mlflow),
    bound: mlflowRoutesOf({
      experiments,
      registry,
      traces,
      evaluations,
      webhooks,
      links: createSignedLinks(database),
      publicUrl: null,
    }),
    errorRenderers: { mlflow: mlflowErrors },
    unknownRenderer: unknownMlflowCall,
    identify: identifyLocal,
    allowedHosts: [],
    log: pino({ level: 'silent' }),
    checkReplies: true,
  });
  const url = await http.listen('127.0.0.1', 0);
  onTestFinished(async () => {
    await http.drain(1_000);
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  };
  const send: MlflowServer['send'] = (method, path, body, headers) =>
    ask(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    url,
    folder,
    experiments,
    registry,
    traces,
    evaluations,
    get: (path, headers = {}) => ask(path, { headers }),
    send,
    post: (path, body) => send('POST', `/api/2.0/mlflow/${path}`, body),
    startRun: async (name) => (await experiments.createRun({ experimentId: '0', name, cause: { actor: 'test' } })).id,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
