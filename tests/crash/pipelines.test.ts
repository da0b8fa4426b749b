// The server is killed at random moments while several stages of a pipeline run at once, and started again on its data: the
// run comes to its end, each stage's result was accepted once, and no process is left.
// CRASH_ROUNDS=50 npx vitest run --project system tests/crash/pipelines.test.ts
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import { describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { capstan, emptyFolder, startServer } from '../support/server.ts';
import { emptyPostgres } from '../support/postgres.ts';

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 5);
const WIDTH = 4;
const LAYERS = ['a', 'b', 'c'];
const LONGEST_WAIT_MS = 900;

type Run = Awaited<ReturnType<Client['pipelines']['get']>>;

const CAPSTAN_YAML = `project: shop
pipeline: dvc.yaml
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`;

/** Leaves a process in a session of its own, and says so in `log` when an earlier try of the stage still runs. */
const stageScript = (log: string): string => `name=$1; shift
if [ -e "${log}/$name.pid" ] && kill -0 "$(cat "${log}/$name.pid")" 2>/dev/null; then echo "$name" >> "${log}/overlaps"; fi
echo $$ > "${log}/$name.pid"
setsid sleep 3000 &
sleep 0.3
mkdir "$name"
for file in "$@"; do cat "$file/text"; done > "$name/part"
sleep 0.1
{ cat "$name/part"; echo "$name"; } > "$name/text"
rm "$name/part"
`;

function pipeline(): string {
  const stages = LAYERS.flatMap((layer, depth) =>
    Array.from({ length: WIDTH }, (_, index) => {
      const before = LAYERS[depth - 1];
      const reads = before === undefined ? [] : [`${before}${index}`, `${before}${(index + 1) % WIDTH}`];
      const deps = ['stage.sh', ...reads].join(', ');
      const name = `${layer}${index}`;
      return `  ${name}: {cmd: "sh stage.sh ${[name, ...reads].join(' ')}", deps: [${deps}], outs: [${name}]}`;
    }),
  );
  return `stages:\n${stages.join('\n')}\n`;
}

/** The text that a stage must have written. */
function expected(layer: number, index: number): string {
  const reads = layer === 0 ? '' : expected(layer - 1, index) + expected(layer - 1, (index + 1) % WIDTH);
  return `${reads}${LAYERS[layer]}${index}\n`;
}

async function killRounds(flags: readonly string[], rounds: number): Promise<void> {
  const data = emptyFolder();
  const project = emptyFolder();
  const log = join(project, 'work');
  mkdirSync(log);
  writeFileSync(join(project, 'capstan.yaml'), CAPSTAN_YAML);
  writeFileSync(join(project, 'dvc.yaml'), pipeline());
  writeFileSync(join(project, 'stage.sh'), stageScript(log));
  const start = () => startServer(['--no-serving', '--stage-slots', String(WIDTH), ...flags], data);
  let server = await start();
  const client = () => createClient({ baseUrl: server.url });
  expect(await capstan(['apply'], server.url, project)).toMatchObject({ code: 0 });
  const { id } = await client().pipelines.start({ params: { project: 'shop' }, body: {} });
  const look = () => client().pipelines.get({ params: { run: id } });

  let runningAtKill = 0;
  for (let round = 0; round < rounds; round++) {
    const run = await until(look, (seen) => isOver(seen) || running(seen) >= 2);
    if (isOver(run)) break;
    await sleep(Math.random() * LONGEST_WAIT_MS);
    // By then one layer may have ended before the next begins: the kill is to hit several stages.
    const hit = await until(look, (seen) => isOver(seen) || running(seen) >= 2);
    if (isOver(hit)) break;
    runningAtKill = Math.max(runningAtKill, running(hit));
    await server.kill();
    server = await start();
  }
  const run = await until(look, isOver);
  expect([run.status, run.reason]).toEqual(['succeeded', null]);
  expect(runningAtKill).toBeGreaterThan(1);

  const attempts = run.stages.flatMap((stage) => stage.attempts);
  expect(attempts.filter(({ status }) => status === 'lost').length).toBeGreaterThan(0);
  for (const stage of run.stages) {
    expect(stage.attempts.map(({ status }) => status).toSorted(), stage.name).toEqual([
      ...Array.from({ length: stage.attempts.length - 1 }, () => 'lost'),
      'succeeded',
    ]);
    const experimentRun = await client().experiments.getRun({ params: { run: stage.runId ?? '' } });
    expect(experimentRun.status, stage.name).toBe('FINISHED');
  }
  expect(existsSync(join(log, 'overlaps')) ? readFileSync(join(log, 'overlaps'), 'utf8') : '').toBe('');
  expectWhole(join(data, 'workspaces', id));
  expect(processesOf(attempts.map((attempt) => attempt.id))).toEqual([]);
  expect((await capstan(['audit', 'verify'], server.url)).code).toBe(0);

  const again = await client().pipelines.start({ params: { project: 'shop' }, body: {} });
  const cached = await until(
    () => client().pipelines.get({ params: { run: again.id } }),
    (seen) => isOver(seen),
  );
  expect(cached.stages.every((stage) => stage.isCached)).toBe(true);
  await server.stop();
  for (const folder of [data, project]) rmSync(folder, { recursive: true, force: true });
}

function isOver(run: Run): boolean {
  return ['succeeded', 'failed', 'cancelled'].includes(run.status);
}

function running(run: Run): number {
  return run.stages.filter(({ status }) => status === 'running').length;
}

async function until(look: () => Promise<Run>, isSeen: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const run = await look();
    if (isSeen(run)) return run;
    await sleep(30);
  }
}

/** Every output as it must be, and as the lock file says it is. */
function expectWhole(workspace: string): void {
  const { stages } = parse(readFileSync(join(workspace, 'dvc.lock'), 'utf8')) as {
    stages: Record<string, { outs: readonly { path: string; md5: string }[] }>;
  };
  expect(Object.keys(stages)).toHaveLength(LAYERS.length * WIDTH);
  for (const [layer, letter] of LAYERS.entries()) {
    for (let index = 0; index < WIDTH; index++) {
      const name = `${letter}${index}`;
      expect(readdirSync(join(workspace, name)), name).toEqual(['text']);
      const text = readFileSync(join(workspace, name, 'text'), 'utf8');
      expect(text, name).toBe(expected(layer, index));
      const listing = `[{"md5": "${md5(text)}", "relpath": "text"}]`;
      expect(stages[name]?.outs[0]?.md5, name).toBe(`${md5(listing)}.dir`);
    }
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** Ids of processes that bear the mark of one of the attempts. */
function processesOf(attempts: readonly string[]): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      return attempts.some((attempt) => environment.includes(`CAPSTAN_ATTEMPT_ID=${attempt}`));
    } catch {
      return false;
    }
  });
}

// Beside each other, since the second one mostly waits.
describe.concurrent('a run of several stages at once', () => {
  test('on SQLite, killed at random', { timeout: 120_000 + ROUNDS * 20_000 }, () => killRounds([], ROUNDS));

  // One kill only: another server waits for the lease of the one that is gone.
  test('on PostgreSQL, killed at random', { timeout: 180_000 }, async () => {
    const database = emptyPostgres(inject('postgresUrl'));
    await killRounds(['--database', database.url], 1);
    database.remove();
  });
});
