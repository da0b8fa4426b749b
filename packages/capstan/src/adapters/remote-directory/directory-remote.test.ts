import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeObjectRemote } from '#ports/object-remote.contract';
import { openDirectoryRemote } from './directory-remote.ts';

const settingsOf = (folder: string, url: string) => ({ name: 'storage', url, folder, options: new Map() });

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'remote-directory-'));
}

describeObjectRemote('directory', async () => {
  const folder = emptyFolder();
  return {
    remote: openDirectoryRemote(settingsOf(folder, 'storage')),
    leftovers: async () =>
      existsSync(join(folder, 'storage'))
        ? readdirSync(join(folder, 'storage'), { recursive: true, encoding: 'utf8' }).filter((path) =>
            path.endsWith('.tmp'),
          )
        : [],
    close: async () => rmSync(folder, { recursive: true }),
  };
});

describe('a folder as a remote', () => {
  it('is relative to the file that names it, or to a home', () => {
    expect(openDirectoryRemote(settingsOf('/a/.dvc', '../../store')).address).toBe('/store');
    expect(openDirectoryRemote(settingsOf('/a/.dvc', '~/store')).address).toBe(join(homedir(), 'store'));
    expect(openDirectoryRemote(settingsOf('/a/.dvc', 'file:///store')).address).toBe('/store');
  });

  it('keeps objects read-only, as dvc does, and entries of the run cache not', async () => {
    const folder = emptyFolder();
    const remote = openDirectoryRemote(settingsOf(folder, '.'));
    const file = join(folder, 'file');
    writeFileSync(file, 'x');
    await remote.write('files/md5/ab/cd', file);
    await remote.write('runs/ab/abcd/ef', file);
    expect(statSync(join(folder, 'files/md5/ab/cd')).mode & 0o777).toBe(0o444);
    expect(statSync(join(folder, 'runs/ab/abcd/ef')).mode & 0o777).toBe(0o644);
    rmSync(folder, { recursive: true });
  });

  it('is refused where something else lies in the way', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'files'));
    writeFileSync(join(folder, 'files/md5'), 'no folder');
    chmodSync(join(folder, 'files/md5'), 0o444);
    const remote = openDirectoryRemote(settingsOf(folder, '.'));
    expect(await remote.has('files/md5/ab/cd')).toBe(false);
    await expect(remote.write('files/md5/ab/cd', join(folder, 'files/md5'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("The remote 'storage'") as unknown,
    });
    rmSync(folder, { recursive: true });
  });
});
