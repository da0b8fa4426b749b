import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { calendar, DAY_MS } from './days.ts';
import type { Stage } from './stage.ts';

interface Comparing {
  readonly environments: string;
  readonly until: number;
  say(line: string): void;
}

/** Trains and scores the alternatives by the example's own compare.py in the project's environment. Returns its table. */
export async function compareYear(stage: Stage, { environments, until, say }: Comparing): Promise<string> {
  say('the same year without Capstan: never retrained, retrained blindly, a simple gate ...');
  const child = spawn(
    pythonOf(environments),
    [
      join(stage.example, 'compare.py'),
      '--features',
      stage.world.file,
      '--answers',
      join(stage.notes, 'answers'),
      '--cache',
      join(stage.notes, `alternatives-${until}.npz`),
      '--until',
      new Date(Math.min(until, calendar.end - DAY_MS)).toISOString().slice(0, 19),
      '--capstan',
      stage.server.url,
    ],
    {
      cwd: stage.example,
      env: { PATH: '', LANG: 'C.UTF-8', HOME: stage.notes, MLFLOW_TRACKING_URI: stage.server.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let table = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (table += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new DomainError('INTERNAL', `compare.py ended with ${code}: its reason stands above`);
  return table.trimEnd();
}

/** The environment that the pipeline was run in. */
function pythonOf(environments: string): string {
  const whole = readdirSync(environments).find((name) =>
    existsSync(join(environments, name, 'capstan-environment.json')),
  );
  if (whole === undefined) throw new DomainError('CONFLICT', 'No Python environment was built');
  return join(environments, whole, 'bin', 'python');
}
