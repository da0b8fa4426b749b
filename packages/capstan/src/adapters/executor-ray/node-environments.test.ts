// How a node makes environments: the Python that runs there, by itself, with builds that take no time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

const PACKAGE = fileURLToPath(new URL('./node', import.meta.url));
const ASK = `
import json, os, sys, threading, time
sys.dont_write_bytecode = True
package, folder, script = sys.argv[1:]
sys.path.insert(0, package)
from capstan_node.cache import Cache
from capstan_node.calls import CannotRun
from capstan_node.environments import Interrupted, environment
from capstan_node.supervision import Control

control = Control(threading.Event())
kept = Cache(folder, 10**9)
said, log = [], []

def cancel():
    while not os.path.exists(os.path.join(folder, "cancel")):
        time.sleep(0.02)
    control.cancel()

threading.Thread(target=cancel, daemon=True).start()
asked = {"problem": None, "files": {"requirements.txt": "x"}, "main": "requirements.txt", "script": script}
try:
    with environment(kept, control, "at_1", asked, "", "/no", said.append, log.append) as (at, lock):
        outcome = sorted(os.listdir(at))
except CannotRun as error:
    outcome = str(error)
except Interrupted as interrupted:
    outcome = interrupted.result and interrupted.result["outcome"]
print(json.dumps([outcome, [text.split(" with ")[0] for text in said], b"".join(log).decode()]))
`;
const BUILD = 'echo built >> "$TARGET/../../times"; echo "$REQUIREMENTS" | sed "s:.*/::"';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** An attempt that asks for the environment; what it prints at its end. */
function ask(script: string) {
  const child = spawn('python3', ['-c', ASK, PACKAGE, folder, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const closed = once(child, 'close');
  return {
    child,
    async told(): Promise<unknown> {
      await closed;
      return out === '' ? undefined : JSON.parse(out);
    },
  };
}

const times = (): number => readFileSync(join(folder, 'times'), 'utf8').trim().split('\n').length;
const environments = (): string[] =>
  readdirSync(join(folder, 'environments'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

const BUILT = ['building the Python environment', 'the Python environment is built'];
const HELD = ['capstan-environment.json', 'capstan-requirements'];

test('attempts that ask for the same at once get one that was built once', async () => {
  const all = await Promise.all([1, 2, 3].map(() => ask(`sleep 0.3; ${BUILD}`).told()));
  expect(times()).toBe(1);
  expect(all.map((told) => (told as unknown[])[0])).toEqual([HELD, HELD, HELD]);
  expect(all).toContainEqual([HELD, BUILT, 'requirements.txt\n']);
  expect(await ask(BUILD).told()).toEqual([HELD, [], '']);
  expect(environments()).toHaveLength(1);
});

test('a build that fails says why, leaves nothing, and is tried again by the next', async () => {
  const failing = 'echo some words; echo "ERROR: no such thing" >&2; echo "[notice] a new release"; exit 3';
  const [outcome] = (await ask(failing).told()) as unknown[];
  expect(outcome).toBe('the Python environment cannot be built: ERROR: no such thing');
  expect(environments()).toEqual([]);
  expect(await ask(BUILD).told()).toEqual([HELD, BUILT, 'requirements.txt\n']);
});

test('a build ends when its attempt is cancelled, and one that waits for it does, too', async () => {
  const building = ask(`touch "$TARGET/../../begun"; exec sleep 60`);
  await until(() => existsSync(join(folder, 'begun')));
  const waiting = ask('exec sleep 60');
  await sleep(300);
  writeFileSync(join(folder, 'cancel'), '');
  expect(await building.told()).toEqual(['cancelled', [BUILT[0]], '']);
  // Without a result of a build where it never came to that.
  expect([null, 'cancelled']).toContain(((await waiting.told()) as unknown[])[0]);
  expect(environments()).toEqual([]);
});

test('a build that was killed is none: the next one builds anew, once nothing of it runs', async () => {
  const half =
    'touch "$TARGET/half"; echo $$ > "$TARGET/../../begun.new"; mv "$TARGET/../../begun.new" "$TARGET/../../begun"; exec sleep 60';
  const killed = ask(half);
  await until(() => existsSync(join(folder, 'begun')));
  killed.child.kill('SIGKILL');
  expect(await killed.told()).toBeUndefined();
  const next = ask(BUILD);
  await sleep(500);
  // It holds the lock as long as it may write there.
  expect(existsSync(join(folder, 'times'))).toBe(false);
  process.kill(Number(readFileSync(join(folder, 'begun'), 'utf8')), 'SIGKILL');
  const told = (await next.told()) as unknown[];
  expect(told[0]).toEqual(HELD);
  expect(times()).toBe(1);
});
