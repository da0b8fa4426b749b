// The composition root of the control plane: config → adapters → modules → routes and jobs. Read this first.
// The only place that builds adapters and decides who gets what; it holds no rules of its own.
import { statfs } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { routes, type AnyRoute } from '@capstan/api';
import type { Logger } from 'pino';
import { openDatabase, type Database } from '#database';
import { createEvents } from '#events';
import { createHttpServer, staticFiles, type HttpServer } from '#http';
import { createJobs, createRunner, createScheduler, sweepJobs, type JobHandlers, type Runner } from '#jobs';
import { DomainError } from '#kernel/errors';
import { randomIds } from '#ports/ids';
import { createMetrics, openClock, systemRoutes } from './system/index.ts';
import type { Config } from './config.ts';
import { version } from './version.ts';

export interface App {
  /** Address of the control plane. */
  readonly url: string;
  /** Finishes what is in hand, at most this long, then ends. */
  stop(graceMs: number): Promise<void>;
}

const SCHEDULE_POLL_MS = 1_000;
const LEAST_FREE_BYTES = 32 * 1024 * 1024;

/** Builds and starts a control plane. @throws DomainError when the data is held by another process or a port is taken */
export async function startApp(config: Config, log: Logger): Promise<App> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const database = await openDatabase({ url: config.database });
  try {
    return await startOn(database, config, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startOn(database: Database, config: Config, log: Logger): Promise<App> {
  const ids = randomIds;
  const clock = await openClock(config.clock, database);
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, jobs, clock, ids });
  const metrics = createMetrics();

  const handlers: JobHandlers = {
    'jobs.sweep': ({ endedBefore }) => sweepJobs(database, endedBefore),
  };
  const runner = createRunner({ database, clock, log, handlers, concurrency: config.jobConcurrency });
  const scheduler = createScheduler({ database, clock, log, schedules: async () => [] });

  const table: AnyRoute[] = Object.values(routes).flatMap((module) => Object.values<AnyRoute>(module));
  const readiness = [
    { name: 'database', run: async () => void (await events.lastSeq()) },
    { name: 'disk', run: () => refuseFullDisk(config.data) },
  ];
  const fallback = staticFiles(interfaceFolder());
  const http = createHttpServer({
    table,
    bound: [...systemRoutes({ database, events, jobs, clock, metrics, readiness, table, version })],
    errorRenderers: {},
    allowedHosts: config.allowedHosts,
    log,
    ...(fallback && { fallback }),
    checkReplies: config.checkReplies,
    onAnswer: metrics.countAnswer,
  });

  const url = await http.listen(config.host, config.port);
  await database.write((writer) =>
    events.append(
      writer,
      { actor: 'system' },
      { type: 'installation.started', subject: 'installation:control-plane', payload: { version } },
    ),
  );
  await runner.start();
  const ticking = setInterval(() => void scheduler.tick(), SCHEDULE_POLL_MS);
  return { url, stop: (graceMs) => stopAll({ http, runner, database, ticking }, graceMs) };
}

async function stopAll(
  parts: { http: HttpServer; runner: Runner; database: Database; ticking: NodeJS.Timeout },
  graceMs: number,
): Promise<void> {
  clearInterval(parts.ticking);
  await Promise.all([parts.http.drain(graceMs), parts.runner.stop(graceMs)]);
  await parts.database.close();
}

/** The built interface: beside the sources in a checkout, beside the program in an installed package. */
function interfaceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const inCheckout = join(here, '..', '..', 'ui', 'dist');
  return existsSync(inCheckout) ? inCheckout : join(here, 'ui');
}

async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new DomainError('STORAGE_FULL', `Less than ${LEAST_FREE_BYTES} bytes are free under ${folder}`);
}
