// What a node keeps: the Python that runs there, by itself.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const PACKAGE = fileURLToPath(new URL('./node', import.meta.url));
const BEFORE = `
import hashlib, io, json, os, sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import fcntl
from capstan_node import cache
from capstan_node.cache import Cache, locked

kept = Cache(sys.argv[2], 1000)

def put(text, used):
    data = text.encode() * 100
    digest = hashlib.sha256(data).hexdigest()
    kept.take(digest, len(data), io.BytesIO(data))
    os.utime(kept.path(digest), (used, cache.CACHED_AT))
    return digest, len(data)

def environment(name, size, used):
    folder = os.path.join(kept.environments, name)
    os.makedirs(folder)
    done = os.path.join(folder, cache.DONE)
    with open(done, "w") as file:
        json.dump({"bytes": size}, file)
    os.utime(done, (used, used))
    kept.grew(size)
    return folder

def left():
    return sorted(os.listdir(kept.environments)), [kept.has(*one) for one in files]
`;

/** What the script prints, as JSON. */
async function onNode(script: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)('python3', ['-c', BEFORE + script, PACKAGE, folder]);
  return JSON.parse(stdout);
}

test('a node keeps no more than it may: what was not used for the longest time goes, files and environments alike', async () => {
  const found = await onNode(`
files = [put("a", 10), put("b", 30), put("c", 40)]
environment("old", 400, 20)
environment("new", 400, 50)
kept.trim()
folders = [name for name in left()[0] if "." not in name]
print(json.dumps([folders, left()[1]]))`);
  // 1,100 bytes of 1,000: the file of 100 bytes that is oldest, and the next to have some room.
  expect(found).toEqual([['new'], [false, true, true]]);
});

test('what is in use stays: environments whose lock is held, and files while somebody copies them', async () => {
  const found = await onNode(`
files = [put("a", 10), put("b", 20)]
folder = environment("used", 2000, 0)
with locked(folder + ".lock", fcntl.LOCK_SH), kept.reading():
    kept.trim()
    during = [os.path.isdir(folder), left()[1]]
kept.grew(1000)
kept.trim()
print(json.dumps([during, os.path.isdir(folder), left()[1]]))`);
  expect(found).toEqual([[true, [true, true]], false, [true, true]]);
});

test('what was not finished is no environment, and one that is being built is left alone', async () => {
  const found = await onNode(`
files = []
half, now = [os.path.join(kept.environments, name) for name in ("half", "now")]
os.makedirs(half), os.makedirs(now)
with locked(now + ".lock", fcntl.LOCK_EX):
    kept.trim()
print(json.dumps([os.path.isdir(half), os.path.isdir(now)]))`);
  expect(found).toEqual([false, true]);
});

test('a use counts, and content that was written to is none', async () => {
  const found = await onNode(`
files = [put("a", 10), put("b", 20)]
assert kept.has(*files[0])
environment("large", 850, time.time())
kept.trim()
first = left()[1]
path = kept.path(files[0][0])
os.chmod(path, 0o644)
with open(path, "r+b") as file:
    file.write(b"x")
print(json.dumps([first, left()[1]]))`);
  expect(found).toEqual([
    [true, false],
    [false, false],
  ]);
});
