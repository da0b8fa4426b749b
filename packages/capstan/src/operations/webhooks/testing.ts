// For tests only: webhooks over a real registry, real jobs and a receiver on loopback.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import { createOutboundSockets } from '#adapters/outbound-sockets';
import type { Database } from '#database';
import { createEvents, type Events } from '#events';
import { createJobs, createRunner, type JobHandlers, type Jobs, type Runner } from '#jobs';
import { createExperiments } from '#model/experiments';
import { createRegistry, type ModelRegistry } from '#model/registry';
import { randomIds } from '#ports/ids';
import { createWebhooks, webhookJobs, type Webhooks } from './index.ts';

export const cause = { actor: 'test' };

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON, without the time. */
  readonly json: { readonly entity: string; readonly action: string; readonly data: unknown };
}

export interface Receiver {
  readonly url: string;
  readonly heard: Heard[];
  /** Statuses of the next answers; 200 when there are no more. `0` breaks off. */
  readonly answers: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[];
}

/** Ends with the test. */
export async function startReceiver(): Promise<Receiver> {
  const heard: Heard[] = [];
  const answers: Receiver['answers'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { timestamp: _, ...json } = JSON.parse(body) as Heard['json'] & { timestamp: string };
      heard.push({ headers: request.headers, body, json });
      const { status, headers } = answers.shift() ?? { status: 200 };
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, headers).end('a secret of the target');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard, answers };
}

interface WebhooksBench {
  readonly webhooks: Webhooks;
  readonly registry: ModelRegistry;
  readonly events: Events;
  readonly jobs: Jobs;
  /** A server's worker; several may run at once. */
  startRunner(): Promise<Runner>;
  /** Waits until nothing is to do, now or later. */
  settled(): Promise<void>;
}

/** @param canReach whether the receivers of this machine may be called */
export async function openWebhooks(database: Database, canReach = true): Promise<WebhooksBench> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-webhooks-'));
  const clock = { now: () => 1_700_000_000_000 };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const deps = { database, events, jobs, clock, ids: randomIds, blobs: await createBlobFs({ root: folder }) };
  const experiments = createExperiments(deps);
  const registry = createRegistry({ ...deps, experiments });
  const outbound = createOutboundSockets({ schemes: ['https', 'http'], canReachPrivate: canReach, allowedTargets: [] });
  const secretKey = Buffer.alloc(32, 7);
  const webhooks = createWebhooks({ ...deps, registry, outbound, secretKey, firstRetryMs: 20 });
  const runners: Runner[] = [];
  onTestFinished(async () => {
    await Promise.all(runners.map((runner) => runner.stop(0)));
    await rm(folder, { recursive: true, force: true });
  });
  return {
    webhooks,
    registry,
    events,
    jobs,
    async startRunner() {
      const handlers = webhookJobs(webhooks) as JobHandlers;
      const log = pino({ level: 'silent' });
      const runner = createRunner({ database, clock, log, handlers, concurrency: 4 });
      runners.push(runner);
      await runner.start();
      return runner;
    },
    async settled() {
      await vi.waitFor(
        async () => {
          const { discarded: _, ...open } = await jobs.summary();
          expect(open).toEqual({ due: 0, running: 0, scheduled: 0 });
        },
        { timeout: 20_000, interval: 20 },
      );
    },
  };
}
