import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPathLocks } from './path-locks.ts';
import { createSharedLock } from './shared-lock.ts';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-home-'));
  mkdirSync(join(home, 'tmp'));
});

afterEach(() => rmSync(home, { recursive: true }));

const isFree = (): boolean => spawnSync('flock', ['-n', join(home, 'tmp/lock'), 'true']).status === 0;

describe('a lock that several works share', () => {
  it('is kept between short ones, let go when nobody needs it, and taken again', async () => {
    let releases = 0;
    const lock = createSharedLock(home, { waitMs: 5_000 }, () => releases++);
    await Promise.all([lock.enter(), lock.enter()]);
    expect(isFree()).toBe(false);
    lock.leave();
    await sleep(200);
    expect(isFree()).toBe(false);
    lock.leave();
    await lock.enter();
    expect(releases).toBe(0);
    lock.leave();
    await expect.poll(isFree).toBe(true);
    expect(releases).toBe(1);
    await lock.enter();
    expect(isFree()).toBe(false);
    lock.close();
    await expect.poll(isFree).toBe(true);
  });

  it('refuses after the time to wait, and may be asked again', async () => {
    const other = createSharedLock(home, { waitMs: 0 }, () => {});
    await other.enter();
    const lock = createSharedLock(home, { waitMs: 100 }, () => {});
    await expect(lock.enter()).rejects.toMatchObject({ code: 'CONFLICT' });
    other.close();
    await expect.poll(isFree).toBe(true);
    await lock.enter();
    lock.close();
  });
});

describe('locks of paths', () => {
  const read = (): unknown => JSON.parse(readFileSync(join(home, 'tmp/rwlock'), 'utf8'));

  it('are written as dvc reads them, and gone when nothing runs', () => {
    const locks = openPathLocks(home, 'capstan repro');
    locks.publish([]);
    expect(() => read()).toThrow('ENOENT');
    locks.publish([
      { reads: ['/r/src', '/r/p'], writes: ['/r/out'] },
      { reads: ['/r/src'], writes: ['/r/other'] },
    ]);
    const holder = { pid: process.pid, cmd: 'capstan repro' };
    expect(read()).toEqual({
      read: { '/r/src': [holder], '/r/p': [holder] },
      write: { '/r/out': holder, '/r/other': holder },
    });
    expect(locks.blockerOf({ reads: ['/r/out'], writes: ['/r/src'] })).toBeUndefined();
    locks.publish([]);
    expect(read()).toEqual({ read: {}, write: {} });
  });

  it('of others that live keep a stage waiting; those of the dead are taken out', async () => {
    const other = spawn('sleep', ['60']);
    const holder = { pid: other.pid, cmd: 'dvc repro' };
    writeFileSync(join(home, 'tmp/rwlock'), JSON.stringify({ read: { '/r/in': [holder] }, write: { '/r/d': holder } }));
    const locks = openPathLocks(home, 'capstan repro');
    expect(locks.blockerOf({ reads: ['/r/in'], writes: ['/r/x'] })).toBeUndefined();
    expect(locks.blockerOf({ reads: [], writes: ['/r/in/deep'] })).toContain(`process ${other.pid} (dvc repro)`);
    expect(locks.blockerOf({ reads: ['/r/d/x'], writes: [] })).toContain('dvc repro');
    other.kill();
    await once(other, 'exit');
    expect(locks.blockerOf({ reads: ['/r/d'], writes: ['/r/in'] })).toBeUndefined();
    locks.publish([{ reads: [], writes: ['/r/x'] }]);
    expect(read()).toEqual({ read: {}, write: { '/r/x': { pid: process.pid, cmd: 'capstan repro' } } });
  });
});
