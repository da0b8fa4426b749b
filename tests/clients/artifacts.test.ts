// Large files by an unmodified mlflow, and how much memory they take of the server: artifacts_session.py says what it does.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { watchPeak } from '../support/memory.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { emptyFolder, startServer } from '../support/server.ts';

const session = fileURLToPath(new URL('artifacts_session.py', import.meta.url));
const INSTALLATION_MS = 20 * 60_000;
const MOST_OVER_IDLE_BYTES = 100 * 2 ** 20;

test(
  'a file of 256 MiB as a stream and one of 501 MiB in parts come back as they were, in bounded memory',
  async () => {
    const python = await findClientPython();
    const server = await startServer(['--no-serving']);
    const folder = emptyFolder();
    const scratch = join(folder, 'scratch');
    mkdirSync(scratch);
    // The kernel's own count of the peak, where there is one.
    const peak = process.platform === 'linux' ? watchPeak(server.pid) : () => 0;
    const env = { MLFLOW_TRACKING_URI: server.url, DO_NOT_TRACK: 'true' };
    const { code, out, err } = await runPython(python, [session, scratch], { folder, env });
    expect(code, err).toBe(0);
    const saw = JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(saw).toEqual({
      stream: { same: true, parts: 0, ranges: 0 },
      parts: { same: true, parts: 51, ranges: 1 },
      empty: { same: true, parts: 0, ranges: 1 },
      listed: ['empty', 'one', 'parts'],
      clash: expect.stringContaining('400'),
    });
    expect(peak()).toBeLessThanOrEqual(MOST_OVER_IDLE_BYTES);
    expect(await server.stop()).toBe(0);
  },
  INSTALLATION_MS,
);
