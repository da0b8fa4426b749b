// Data that goes to a remote and comes back, by Capstan and by the real dvc in turns, over each kind of remote.
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ensureVersitygw, findSshd } from '../../tools/tasks/ensure-servers.ts';
import { dvcCheckout, type DvcCheckout } from '../support/dvc-checkout.ts';
import { findDvc } from '../support/python.ts';
import { startS3Server } from '../support/s3-server.ts';
import { startSshServer } from '../support/ssh-server.ts';
import { emptyFolder } from '../support/server.ts';

let dvcProgram = '';
let at: DvcCheckout;

beforeAll(async () => {
  dvcProgram = await findDvc();
});

function writeData(): void {
  at.write('data/images/a.txt', 'a\n');
  at.write('data/images/same.txt', 'a\n');
  at.write('data/images/deep/er/b.txt', 'b\r\n');
  at.write('data/images/ü "q"\n.txt', 'odd name\n');
  at.write('data/images/\u{1F600}', 'after\n');
  at.write('data/images/empty', '');
  at.write('tool.sh', '#!/bin/sh\n', 0o755);
  at.write('data/big.bin', Buffer.alloc(12_000_000, 7));
}

const TRACKED = ['data/images', 'tool.sh', 'data/big.bin'];
/** 5 different files in the folder, the folder, and two files. */
const OBJECTS = 8;

const objectOf = (dataFile: string): string => {
  const md5 = /md5: (\S+)/.exec(at.read(dataFile))?.[1] ?? '';
  return `files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`;
};

/** As after `git clone`: nothing but what Git keeps. */
function forget(): void {
  rmSync(join(at.root, '.dvc/cache'), { recursive: true, force: true });
  for (const path of TRACKED) rmSync(join(at.root, path), { recursive: true, force: true });
}

interface Storage {
  /** What `dvc remote add -d storage` and `dvc remote modify --local storage` are given. */
  readonly url: string;
  readonly options: Readonly<Record<string, string>>;
  /** The same storage as dvc reaches it, where it lacks the way that Capstan goes. */
  readonly forDvc?: string;
  readonly path?: string;
  stop(): Promise<void>;
}

const httpStorage = fileURLToPath(new URL('../support/http-storage-server.ts', import.meta.url));
const s3Program = await orReason(ensureVersitygw);
const sshProgram = await orReason(findSshd);

async function orReason(find: () => string | Promise<string>): Promise<{ path: string; lacks?: string }> {
  try {
    return { path: await find() };
  } catch (error) {
    return { path: '', lacks: error instanceof Error ? error.message : String(error) };
  }
}

const storages: readonly { kind: string; lacks?: string | undefined; hasRuns: boolean; start(): Promise<Storage> }[] = [
  {
    kind: 'directory',
    hasRuns: true,
    start: async () => ({ url: join(emptyFolder(), 'storage'), options: {}, stop: async () => {} }),
  },
  {
    kind: 'bucket of S3',
    lacks: s3Program.lacks,
    hasRuns: true,
    async start() {
      const { url, bucket, key, secret, stop } = await startS3Server(s3Program.path);
      const options = { endpointurl: url, access_key_id: key, secret_access_key: secret };
      return { url: `s3://${bucket}/data`, options, stop };
    },
  },
  {
    kind: 'server of HTTP',
    hasRuns: false,
    async start() {
      const server = spawn(process.execPath, [httpStorage, emptyFolder()], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [port] = (await once(server.stdout, 'data')) as [Buffer];
      const stop = async (): Promise<void> => void server.kill();
      return { url: `http://127.0.0.1:${String(port).trim()}/data`, options: {}, stop };
    },
  },
  {
    kind: 'server of SSH',
    lacks: sshProgram.lacks,
    hasRuns: true,
    async start() {
      const { user, port, keyFile, path, stop } = await startSshServer(sshProgram.path);
      const folder = join(emptyFolder(), 'data');
      return {
        url: `ssh://${user}@127.0.0.1:${port}${folder}`,
        options: { keyfile: keyFile },
        forDvc: folder,
        path,
        stop,
      };
    },
  },
];
const titled = storages.map(({ kind, lacks, ...rest }) => ({
  ...rest,
  lacks,
  kind: lacks === undefined ? kind : `${kind}: skipped, ${lacks}`,
}));

describe.for(titled)('a $kind', { timeout: 300_000 }, ({ start, lacks, hasRuns }) => {
  if (lacks !== undefined) {
    test.skip(lacks);
    return;
  }
  const usualPath = process.env['PATH'];
  let storage: Storage;

  beforeEach(async () => {
    storage = await start();
    at = dvcCheckout(dvcProgram);
    at.dvc('remote', 'add', '-q', '-d', 'storage', storage.url);
    for (const [option, value] of Object.entries(storage.options))
      at.dvc('remote', 'modify', '-q', '--local', 'storage', option, value);
    if (storage.forDvc !== undefined) at.dvc('remote', 'add', '-q', 'disk', storage.forDvc);
    if (storage.path !== undefined) process.env['PATH'] = storage.path;
  });

  afterEach(async () => {
    process.env['PATH'] = usualPath;
    await storage.stop();
  });

  /** To and from the storage. */
  function theirs(...args: readonly string[]): string {
    if (storage.forDvc === undefined) return at.dvc(...args);
    const local = at.read('.dvc/config.local');
    // Its default remote is opened even where another one is named.
    at.write('.dvc/config.local', `${local}[core]\n    remote = disk\n`);
    const out = at.dvc(...args);
    at.write('.dvc/config.local', local);
    return out;
  }

  test('dvc pulls what Capstan pushed', async () => {
    writeData();
    await at.ours('add', ...TRACKED);
    expect(await at.ours('push')).toBe(`${OBJECTS} objects sent (12 MB), 0 were there.\n`);
    expect(theirs('status', '-c')).toContain('in sync');
    forget();
    theirs('pull', '-q');
    expect(at.dvc('status')).toContain('up to date');
    expect(at.read('data/images/deep/er/b.txt')).toBe('b\r\n');
    expect(await at.ours('push')).toBe(`0 objects sent, ${OBJECTS} were there.\n`);
  });

  test('Capstan pulls what dvc pushed', async () => {
    writeData();
    at.dvc('add', '-q', ...TRACKED);
    theirs('push', '-q');
    forget();
    const pulled = await at.ours('pull');
    expect(pulled).toContain('added  data/images  6 written, 0 removed');
    expect(pulled).toContain(`${OBJECTS} objects fetched (12 MB), 0 were there.`);
    expect(at.dvc('status')).toContain('up to date');
    expect(statSync(join(at.root, 'tool.sh')).mode & 0o777).toBe(0o744);
    const modes = readdirSync(join(at.root, '.dvc/cache/files/md5'), { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(join(at.root, '.dvc/cache/files/md5', path)))
      .filter((stats) => stats.isFile())
      .map((stats) => stats.mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o444]));
  });

  test('only what is new goes over, and only what is asked for', async () => {
    writeData();
    await at.ours('add', ...TRACKED);
    await at.ours('push', 'tool.sh');
    await at.ours('push', 'data/images.dvc');
    at.write('data/images/new.txt', 'new\n');
    await at.ours('add', 'data/images');
    expect(JSON.parse(await at.ours('push', 'data/images', '--json'))).toEqual({
      schema: 'capstan/push.v1',
      objects: 2,
      bytes: expect.any(Number) as unknown,
      present: 5,
      failed: [],
      runs: 0,
    });
    forget();
    expect(await at.ours('fetch', 'tool.sh')).toBe('1 object fetched (10 B), 0 were there.\n');
    const lacking = await at.tried('pull');
    expect(lacking.code).toBe(1);
    expect(lacking.err).toContain("data/big.bin: The remote 'storage'");
    expect(lacking.out).toContain('added  data/images');
    expect(existsSync(join(at.root, 'data/big.bin'))).toBe(false);
  });

  test('what stages made goes over and comes back, with their run cache', async () => {
    at.write('in.txt', '1\n');
    at.write('params.yaml', 'names: [x, y]\n');
    at.write(
      'dvc.yaml',
      [
        'stages:',
        '  make:',
        '    foreach: ${names}',
        '    do:',
        '      cmd: mkdir -p out-${item} && cp in.txt out-${item}/f && echo ${item} > out-${item}/name',
        '      deps: [in.txt]',
        '      outs: ["out-${item}"]',
        '  measure:',
        "    cmd: echo '{}' > m.json && echo kept > kept.txt",
        '    deps: [out-x]',
        '    outs: [{kept.txt: {push: false}}]',
        '    metrics: [{m.json: {cache: false}}]',
        '',
      ].join('\n'),
    );
    at.dvc('repro', '-q');
    if (!hasRuns) {
      expect(await at.tried('push', '--run-cache')).toMatchObject({ code: 1 });
      expect(await at.ours('push')).toBe('0 objects sent, 5 were there.\n');
      return;
    }
    expect(await at.ours('push', '--run-cache')).toBe(
      '5 objects sent (256 B), 0 were there; 3 results of stages sent.\n',
    );
    expect(theirs('status', '-c')).toContain('in sync');
    const gone = (): void => {
      for (const path of ['.dvc/cache', 'out-x', 'out-y', 'kept.txt'])
        rmSync(join(at.root, path), { recursive: true, force: true });
    };
    gone();
    expect(await at.ours('fetch', 'make@x')).toContain('3 objects fetched');
    expect(await at.ours('pull', 'make', '--run-cache')).toContain(
      '2 objects fetched (127 B), 3 were there; 3 results',
    );
    expect(at.read('out-y/name')).toBe('y\n');
    // What a stage made before is taken from there, and not made again.
    at.write('in.txt', '2\n');
    at.dvc('repro', '-q', 'make');
    at.write('in.txt', '1\n');
    expect(at.dvc('repro', 'make')).toContain('is cached - skipping run');
    expect(readdirSync(join(at.root, '.dvc/cache/runs'), { recursive: true }).length).toBeGreaterThan(3);
  });

  test('old hashes stay where dvc 2 put them', async () => {
    at.write('old.csv', 'a\r\nb\r\n');
    at.write('old.csv.dvc', 'outs:\n- md5: 3a5ac4c3b6c1a5f4a2b9c6a3b9a0e9d0\n  size: 6\n  path: old.csv\n');
    const md5 = at.run('sh', '-c', "printf 'a\\nb\\n' | md5sum").out.slice(0, 32);
    at.write('old.csv.dvc', `outs:\n- md5: ${md5}\n  size: 6\n  path: old.csv\n`);
    await at.ours('add', 'old.csv');
    expect(await at.ours('push')).toContain('1 object sent (6 B)');
    expect(theirs('status', '-c')).toContain('in sync');
    rmSync(join(at.root, '.dvc/cache'), { recursive: true });
    rmSync(join(at.root, 'old.csv'));
    await at.ours('pull');
    expect(at.read('old.csv')).toBe('a\r\nb\r\n');
    expect(at.dvc('status')).toContain('up to date');
  });

  test('a damaged object is not sent, and one that is damaged here comes anew', async () => {
    writeData();
    await at.ours('add', ...TRACKED);
    const object = join(at.root, '.dvc/cache', objectOf('tool.sh.dvc'));
    const damage = (): void => {
      chmodSync(object, 0o644);
      writeFileSync(object, 'harmed\n');
      chmodSync(object, 0o444);
    };
    const whole = readFileSync(object);
    damage();
    const refused = await at.tried('push');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('tool.sh: The object');
    expect(refused.err).toContain('is damaged');
    expect(refused.out).toContain(`${OBJECTS - 1} objects sent`);
    chmodSync(object, 0o644);
    writeFileSync(object, whole);
    chmodSync(object, 0o444);
    await at.ours('push');
    damage();
    rmSync(join(at.root, 'tool.sh'));
    expect(await at.ours('pull')).toContain(`1 object fetched (10 B), ${OBJECTS - 1} were there.`);
    expect(at.read('tool.sh')).toBe('#!/bin/sh\n');
    expect(statSync(object).mode & 0o777).toBe(0o444);
  });
});

describe('a remote that is not as it should be', () => {
  let storage = '';

  beforeEach(async () => {
    storage = join(emptyFolder(), 'storage');
    at = dvcCheckout(dvcProgram);
    at.dvc('remote', 'add', '-q', '-d', 'storage', storage);
    writeData();
    await at.ours('add', ...TRACKED);
  });

  test('a damaged object there is named and never taken; the rest comes', async () => {
    await at.ours('push');
    const object = join(storage, objectOf('tool.sh.dvc'));
    chmodSync(object, 0o644);
    writeFileSync(object, 'harmed\n');
    forget();
    const pulled = await at.tried('pull');
    expect(pulled.code).toBe(1);
    expect(pulled.err).toContain('tool.sh: The object');
    expect(pulled.err).toContain('is damaged on the remote');
    expect(existsSync(join(at.root, 'tool.sh'))).toBe(false);
    expect(existsSync(join(at.root, '.dvc/cache', objectOf('tool.sh.dvc')))).toBe(false);
    expect(at.read('data/images/a.txt')).toBe('a\n');
  });

  test('a folder of which a file is lacking does not go: its object says that all are there', async () => {
    rmSync(join(at.root, '.dvc/cache/files/md5/60/b725f10c9c85c70d97880dfe8191b3'));
    const pushed = await at.tried('push');
    expect(pushed.code).toBe(1);
    expect(pushed.err).toContain('data/images/a.txt: Neither the cache nor the remote');
    expect(existsSync(join(storage, objectOf('data/images.dvc')))).toBe(false);
    expect(existsSync(join(storage, objectOf('tool.sh.dvc')))).toBe(true);
  });

  test('what only the checkout holds is not written over, unless it is asked for', async () => {
    await at.ours('push');
    at.write('tool.sh', 'precious\n');
    expect(await at.tried('pull')).toMatchObject({ code: 5 });
    expect(at.read('tool.sh')).toBe('precious\n');
    await at.ours('pull', '--force');
    expect(at.read('tool.sh')).toBe('#!/bin/sh\n');
  });

  test.each([
    ['not set', ['config', '--unset', 'core.remote'], ['push'], 3, 'capstan remote add'],
    ['not known', [], ['push', '-r', 'storag'], 3, 'Did you mean storage?'],
    ['of versions of its own', ['remote', 'modify', 'storage', 'worktree', 'true'], ['push'], 1, 'worktree'],
    ['of another kind', ['remote', 'modify', 'storage', 'url', 'hdfs://host/x'], ['pull'], 1, 'Use dvc for it'],
    ['under what is no folder', ['remote', 'modify', 'storage', 'url', '/dev/null/x'], ['push'], 2, "'storage'"],
    ['asked for by too many', [], ['push', '-j', '0'], 2, '--jobs'],
    ['asked for what is not tracked', [], ['fetch', 'nothing'], 3, 'Nothing tracked'],
  ])('%s', async (_, change, args, code, words) => {
    if (change.length > 0) at.dvc(...change);
    if (args[0] === 'pull') forget();
    const refused = await at.tried(...args);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
  });

  test('data go where they are told to, and only there', async () => {
    const other = join(emptyFolder(), 'other');
    at.dvc('remote', 'add', '-q', 'other', other);
    at.dvc('remote', 'add', '-q', 'inner', 'remote://other/inner');
    at.write('tool.sh.dvc', `${at.read('tool.sh.dvc')}  remote: other\n`);
    at.write('data/big.bin.dvc', `${at.read('data/big.bin.dvc')}  push: false\n`);
    await at.ours('push');
    expect(existsSync(join(other, objectOf('tool.sh.dvc')))).toBe(true);
    expect(existsSync(join(storage, objectOf('tool.sh.dvc')))).toBe(false);
    expect(existsSync(join(storage, objectOf('data/big.bin.dvc')))).toBe(false);
    expect(at.dvc('status', '-c')).toContain('in sync');
    await at.ours('push', '-r', 'inner', 'data/images');
    expect(existsSync(join(other, 'inner', objectOf('data/images.dvc')))).toBe(true);
  });

  test('a link where objects are is followed, as a shared folder has it', async () => {
    const shared = emptyFolder();
    symlinkSync(shared, storage);
    await at.ours('push');
    expect(existsSync(join(shared, objectOf('tool.sh.dvc')))).toBe(true);
  });
});
