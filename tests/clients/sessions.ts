// Plays a Python session of mlflow against a Capstan of its own, on each database.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { emptyPostgres, type EmptyPostgres } from '../support/postgres.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const INSTALLATION_MS = 20 * 60_000;

export interface Session {
  readonly server: () => RunningServer;
  /** What a scenario saw. @throws Error with the Python traceback when it failed */
  readonly sawIn: (scenario: string) => Record<string, unknown>;
  /** What the session wrote to its standard output. */
  readonly printed: () => string;
}

/** Describes the same session twice: against Capstan on SQLite, and on PostgreSQL. */
export function describeSession(script: string, suite: (session: Session) => void): void {
  describe.each(['SQLite', 'PostgreSQL'] as const)(`${script} on %s`, (database) => {
    let postgres: EmptyPostgres | undefined;
    let server: RunningServer;
    let scenarios: ReadonlyMap<string, { saw?: Record<string, unknown>; failed?: string }>;
    let printed = '';

    beforeAll(async () => {
      const python = await findClientPython();
      postgres = database === 'PostgreSQL' ? emptyPostgres(inject('postgresUrl')) : undefined;
      server = await startServer(postgres ? ['--database', postgres.url] : []);
      ({ scenarios, printed } = await play(python, script, server.url));
    }, INSTALLATION_MS);

    afterAll(async () => {
      expect(await server.stop()).toBe(0);
      postgres?.remove();
    });

    suite({
      server: () => server,
      printed: () => printed,
      sawIn(scenario) {
        const { saw, failed } = scenarios.get(scenario) ?? {};
        if (saw) return saw;
        throw new Error(failed ?? `${script} has no scenario ${scenario}`);
      },
    });
  });
}

async function play(python: string, script: string, url: string) {
  const folder = emptyFolder();
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  // DO_NOT_TRACK only keeps mlflow from calling its makers: tests reach no other machine.
  const env = { MLFLOW_TRACKING_URI: url, DO_NOT_TRACK: 'true' };
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { code, out, err } = await runPython(python, [file, scratch], { folder, env });
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${err}`);
  const reports = readFileSync(join(scratch, 'report.jsonl'), 'utf8').trim().split('\n');
  const scenarios = new Map(
    reports.map((line) => {
      const { scenario, ...report } = JSON.parse(line) as { scenario: string };
      return [scenario, report];
    }),
  );
  return { scenarios, printed: out };
}

/** A refusal as `scenarios.py` reports it. */
export const refused = (code: string, status: number, words = '') => ({
  code,
  status,
  message: expect.stringContaining(words),
});
