// Plays a Python session of mlflow against a Capstan of its own on each database, all of them at once.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { databases, emptyDatabase, type DatabaseName, type EmptyDatabase } from '../support/databases.ts';
import { findClientPython, findNextClientPython, runPython } from '../support/python.ts';
import { emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const INSTALLATION_MS = 20 * 60_000;

/** What a session needs beside a server. */
export interface Surroundings {
  /** Of the server. */
  readonly flags?: readonly string[];
  /** Of the script, behind its scratch folder. */
  readonly args?: readonly string[];
  /** Of the script; without MLFLOW_TRACKING_URI it is the server's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the server is ready and the script not yet started. */
  readonly ready?: (server: RunningServer) => void;
  readonly close?: () => void;
}

export interface Session<S extends Surroundings = Surroundings> {
  readonly database: DatabaseName;
  readonly server: () => RunningServer;
  readonly surroundings: () => S;
  /** What a scenario saw. @throws Error with the Python traceback when it failed */
  readonly sawIn: (scenario: string) => Record<string, unknown>;
  /** What the session wrote to its standard output. */
  readonly printed: () => string;
}

type Report = { readonly saw?: Record<string, unknown>; readonly failed?: string };

/** Describes the same session once for each database: on SQLite by the newest mlflow, on PostgreSQL by the one before. */
export function describeSession(script: string, suite: (session: Session) => void): void;
export function describeSession<S extends Surroundings>(
  script: string,
  suite: (session: Session<S>) => void,
  surround: (database: DatabaseName) => Promise<S>,
): void;
export function describeSession<S extends Surroundings>(
  script: string,
  suite: (session: Session<S>) => void,
  surround: (database: DatabaseName) => Promise<S> = async () => ({}) as S,
): void {
  describe(script, () => {
    const played = databases.map((database) => playedOn(database, script, surround));

    beforeAll(async () => {
      // Two versions of mlflow and two databases in one go.
      const pythons = { SQLite: await findNextClientPython(), PostgreSQL: await findClientPython() };
      await Promise.all(played.map(({ session, play }) => play(pythons[session.database])));
    }, INSTALLATION_MS);

    afterAll(() => Promise.all(played.map(({ end }) => end())));

    for (const { session } of played) describe(`on ${session.database}`, () => suite(session));
  });
}

function playedOn<S extends Surroundings>(
  name: DatabaseName,
  script: string,
  surround: (database: DatabaseName) => Promise<S>,
) {
  let surroundings: S | undefined;
  let database: EmptyDatabase | undefined;
  let server: RunningServer | undefined;
  let reports: ReadonlyMap<string, Report> = new Map();
  let printed = '';

  function there<T>(what: T | undefined): T {
    if (what === undefined) throw new Error(`${script} was not played`);
    return what;
  }

  const session: Session<S> = {
    database: name,
    server: () => there(server),
    surroundings: () => there(surroundings),
    printed: () => printed,
    sawIn(scenario) {
      const { saw, failed } = reports.get(scenario) ?? {};
      if (saw) return saw;
      throw new Error(failed ?? `${script} has no scenario ${scenario}`);
    },
  };

  return {
    session,
    async play(python: string): Promise<void> {
      surroundings = await surround(name);
      database = emptyDatabase(name);
      server = await startServer([...database.flags, ...(surroundings.flags ?? [])]);
      surroundings.ready?.(server);
      // DO_NOT_TRACK only keeps mlflow from calling its makers: tests reach no other machine.
      const env = { MLFLOW_TRACKING_URI: server.url, DO_NOT_TRACK: 'true', ...surroundings.env };
      ({ reports, printed } = await runSession(python, script, surroundings.args ?? [], env));
    },
    async end(): Promise<void> {
      const code = await server?.stop();
      database?.remove();
      surroundings?.close?.();
      expect(code).toBe(0);
    },
  };
}

async function runSession(
  python: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) {
  const folder = emptyFolder();
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { code, out, err } = await runPython(python, [file, scratch, ...args], { folder, env });
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${err}`);
  const lines = readFileSync(join(scratch, 'report.jsonl'), 'utf8').trim().split('\n');
  const reports = new Map(
    lines.map((line) => {
      const { scenario, ...report } = JSON.parse(line) as Report & { scenario: string };
      return [scenario, report] as const;
    }),
  );
  return { reports, printed: out };
}

/** A refusal as `scenarios.py` reports it. */
export const refused = (code: string, status: number, words = '') => ({
  code,
  status,
  message: expect.stringContaining(words),
});
