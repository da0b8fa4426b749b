// Data of other repositories and servers, brought here by Capstan and by the real dvc: the same files, updated by either.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { findDvc } from '../support/python.ts';
import { capstan, emptyFolder } from '../support/server.ts';

let program = '';
let source: DvcTwin;
let twin: DvcTwin;

beforeAll(async () => {
  program = await findDvc();
  source = openDvcTwin(program);
  source.write('images/a.txt', 'a\n');
  source.write('images/ü "q"\n.txt', 'odd name\n');
  source.write('mixed/data.csv', 'data\n');
  source.write('mixed/code.py', 'code\n');
  await source.ours('add', 'images', 'mixed/data.csv');
  source.commit('one');
  source.git('tag', 'v1');
  source.write('images/a.txt', 'second\n');
  await source.ours('add', 'images');
  source.commit('two');
});
beforeEach(() => {
  twin = openDvcTwin(program);
});

const read = (path: string, folder = twin.root): string => readFileSync(join(folder, path), 'utf8');
const dataFiles = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.dvc'));

/** Another checkout in the same state. */
function copyOf(of: DvcTwin): string {
  const folder = join(emptyFolder(), 'copy');
  cpSync(of.root, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

/** Runs the same command lines with both programs, each in its own copy, and compares the files that say where data is from. */
async function both(...lines: readonly (readonly string[])[]): Promise<void> {
  const theirs = copyOf(twin);
  for (const line of lines) {
    await twin.ours(...line);
    twin.dvc('--cd', theirs, line[0] ?? '', '-q', ...line.slice(1));
  }
  const files = dataFiles(theirs).filter((name) => name !== '.dvc');
  expect(files).toHaveLength(lines.length);
  for (const file of [...files, '.gitignore']) expect(read(file), file).toBe(read(file, theirs));
}

describe('import', () => {
  test('writes what dvc writes, of folders, files of them, what Git keeps, and both', async () => {
    const { root } = source;
    await both(
      ['import', root, 'images'],
      ['import', root, 'images/a.txt', '-o', 'one.txt', '--rev', 'v1'],
      ['import', root, 'mixed/code.py', '-o', 'code.py'],
      ['import', root, 'mixed', '--rev', 'main'],
      ['import', root, 'images', '-o', 'later', '--no-download'],
      ['import', root, 'images', '-o', 'much-later', '--no-exec'],
    );
    expect(read('images/ü "q"\n.txt')).toBe('odd name\n');
    expect(read('one.txt')).toBe('a\n');
    expect(JSON.parse(twin.dvc('status', '--json'))).toEqual({
      'later.dvc': [{ 'changed outs': { later: 'deleted' } }],
      'much-later.dvc': [{ 'changed outs': { 'much-later': 'deleted' } }, 'changed checksum'],
    });
    expect((await capstan(['status'], undefined, twin.root)).out).toBe(
      'later.dvc\n  deleted       later\nmuch-later.dvc\n  deleted       much-later\n  changed checksum\n',
    );
  });

  test('follows a branch when it is updated, by either', async () => {
    source.git('branch', '-f', 'moving', 'v1');
    await twin.ours('import', source.root, 'images', '--rev', 'moving');
    expect(read('images/a.txt')).toBe('a\n');
    expect(await twin.ours('update', 'images')).toBe('images is as its source is\n');
    source.git('branch', '-f', 'moving', 'main');
    const theirs = copyOf(twin);
    expect(await twin.ours('update', 'images.dvc')).toContain('images is tracked by');
    expect(read('images/a.txt')).toBe('second\n');
    twin.dvc('--cd', theirs, 'update', '-q', 'images.dvc');
    expect(read('images.dvc')).toBe(read('images.dvc', theirs));
    await twin.ours('update', 'images', '--rev', 'v1');
    expect(read('images/a.txt')).toBe('a\n');
    expect(twin.dvc('status')).toContain('up to date');
  });

  test('of an address is cloned once, and files that Git keeps are taken', async () => {
    const url = `file://${source.root}`;
    await twin.ours('import', url, 'mixed/code.py', '--rev', 'v1');
    expect(read('code.py')).toBe('code\n');
    const theirs = copyOf(twin);
    rmSync(join(theirs, 'code.py.dvc'));
    twin.dvc('--cd', theirs, 'import', '-q', '-f', url, 'mixed/code.py', '--rev', 'v1');
    expect(read('code.py.dvc')).toBe(read('code.py.dvc', theirs));
  });

  test('of an address takes data from its remote, and nothing without it', async () => {
    const shared = openDvcTwin(program);
    const remote = join(emptyFolder(), 'remote');
    shared.dvc('remote', 'add', '-q', '-d', 'storage', remote);
    shared.write('images/a.txt', 'a\n');
    shared.write('images/b.txt', 'b\n');
    await shared.ours('add', 'images');
    shared.commit('images');
    await shared.ours('push');
    const url = `file://${shared.root}`;
    const folder = emptyFolder();
    expect((await capstan(['get', url, 'images/b.txt'], undefined, folder)).err).toBe('');
    expect(read('b.txt', folder)).toBe('b\n');
    const theirs = copyOf(twin);
    await twin.ours('import', url, 'images');
    twin.dvc('--cd', theirs, 'import', '-q', url, 'images');
    expect(read('images.dvc')).toBe(read('images.dvc', theirs));
    expect(twin.dvc('status')).toContain('up to date');
    rmSync(remote, { recursive: true });
    const other = openDvcTwin(program);
    const refused = await capstan(['import', url, 'images'], undefined, other.root);
    expect(refused.code).not.toBe(0);
    expect(other.git('status', '--porcelain', '-uall')).toBe('');
  });

  test.each([
    ['nothing there', ['nowhere'], 3, "has nothing at 'nowhere'"],
    ['no revision', ['images', '--rev', 'v2'], 3, 'v1'],
    ['out of the repository', ['../images'], 2, 'no path in the repository'],
    ['a file that tracks', ['images.dvc'], 2, 'Name the data itself'],
    ['taken', ['images', '-o', 'taken'], 5, '--force'],
    ['no folder', ['images', '-o', 'no/folder'], 3, "no folder 'no'"],
    ['outside', ['images', '-o', '../x'], 2, 'outside the repository'],
  ])('is refused and changes nothing: %s', async (_, args, code, words) => {
    twin.write('taken', 'mine\n');
    twin.commit('taken');
    const refused = await capstan(['import', source.root, ...args], undefined, twin.root);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
    expect(twin.git('status', '--porcelain', '-uall')).toBe('');
  });

  test('does not take damaged objects, nor write over what was changed here', async () => {
    await twin.ours('import', source.root, 'images');
    twin.write('images/a.txt', 'mine\n');
    const refused = await capstan(['update', 'images', '--rev', 'v1'], undefined, twin.root);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(read('images/a.txt')).toBe('mine\n');
    const broken = openDvcTwin(program);
    broken.write('a.csv', 'whole\n');
    await broken.ours('add', 'a.csv');
    broken.commit('one');
    const md5 = /md5: (\w+)/.exec(read('a.csv.dvc', broken.root))?.[1] ?? '';
    const object = join(broken.root, '.dvc/cache/files/md5', md5.slice(0, 2), md5.slice(2));
    rmSync(object);
    expect((await capstan(['import', broken.root, 'a.csv'], undefined, twin.root)).code).toBe(3);
    broken.write(object.slice(broken.root.length + 1), 'harmed\n');
    const harmed = await capstan(['import', broken.root, 'a.csv'], undefined, twin.root);
    expect(harmed.err).toContain('is damaged');
    expect(existsSync(join(twin.root, 'a.csv'))).toBe(false);
  });
});

test('get brings files of any revision into any folder', async () => {
  const folder = emptyFolder();
  await capstan(['get', source.root, 'images', '-o', 'ours'], undefined, folder);
  twin.dvc('get', '-q', source.root, 'images', '-o', join(folder, 'theirs'));
  expect(readdirSync(join(folder, 'ours'))).toEqual(readdirSync(join(folder, 'theirs')));
  await capstan(['get', source.root, 'images/a.txt', '--rev', 'v1'], undefined, folder);
  expect(read('a.txt', folder)).toBe('a\n');
  expect(await capstan(['get', source.root, 'images/a.txt'], undefined, folder)).toMatchObject({ code: 5 });
});

describe('import-url', () => {
  let server: Server;
  let url = '';
  let tag: string | undefined = '"one"';
  let body = 'one\n';

  beforeAll(async () => {
    server = createServer((request, response) => {
      const status = request.url?.startsWith('/data') ? 200 : 404;
      response.writeHead(status, { 'content-length': body.length, ...(tag !== undefined && { etag: tag }) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.csv`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('of files and folders of this machine is what dvc writes, and is updated', async () => {
    const outside = emptyFolder();
    twin.write('inside/a.csv', 'inside\n');
    cpSync(join(source.root, 'images'), join(outside, 'shared'), { recursive: true });
    symlinkSync('.', join(outside, 'shared/loop'));
    await both(
      ['import-url', join(outside, 'shared')],
      ['import-url', 'inside/a.csv'],
      ['import-url', join(outside, 'shared/a.txt'), 'later.txt', '--no-download'],
      ['import-url', join(outside, 'shared/a.txt'), 'much-later.txt', '--no-exec'],
    );
    twin.write('inside/a.csv', 'changed\n');
    const theirs = copyOf(twin);
    await twin.ours('update', 'a.csv', 'much-later.txt');
    twin.dvc('--cd', theirs, 'update', '-q', 'a.csv.dvc', 'much-later.txt.dvc');
    for (const file of ['a.csv.dvc', 'much-later.txt.dvc']) expect(read(file)).toBe(read(file, theirs));
    expect(read('a.csv')).toBe('changed\n');
  });

  test('of a web server keeps what it tells of the file', async () => {
    await twin.ours('import-url', url);
    expect(read('data.csv')).toBe('one\n');
    // The program is no part of the event loop that serves it here.
    expect(read('data.csv.dvc')).toContain(`- checksum: '"one"'\n  size: 4\n  hash: md5\n  path: ${url}\n`);
    expect(await twin.ours('update', 'data.csv')).toBe('data.csv is as its source is\n');
    [tag, body] = ['"two"', 'two two\n'];
    await twin.ours('update', 'data.csv');
    expect(read('data.csv')).toBe('two two\n');
    expect(twin.dvc('status')).toContain('up to date');
    tag = undefined;
    const untold = await capstan(['import-url', url, 'other.csv'], undefined, twin.root);
    expect(untold).toMatchObject({ code: 1, out: '' });
    expect(untold.err).toContain('neither ETag nor Content-MD5');
    const gone = await capstan(['import-url', url.replace('data', 'gone')], undefined, twin.root);
    expect(gone).toMatchObject({ code: 3, out: '' });
    expect((await capstan(['import-url', 'http://127.0.0.1:1/x'], undefined, twin.root)).code).toBe(6);
    expect((await capstan(['import-url', 'ftp://nowhere/x'], undefined, twin.root)).err).toContain('dvc import-url');
  });
});

test('remove stops tracking as dvc does, and keeps the data', async () => {
  for (const name of ['a.csv', 'b.csv']) twin.write(name, `${name}\n`);
  await twin.ours('add', 'a.csv', 'b.csv');
  const theirs = copyOf(twin);
  await twin.ours('remove', 'a.csv.dvc');
  twin.dvc('--cd', theirs, 'remove', '-q', 'a.csv.dvc');
  expect(read('.gitignore')).toBe(read('.gitignore', theirs));
  expect(read('a.csv')).toBe('a.csv\n');
  await twin.ours('remove', 'b.csv', '--outs');
  expect(existsSync(join(twin.root, 'b.csv'))).toBe(false);
  expect(existsSync(join(twin.root, '.gitignore'))).toBe(false);
  expect((await capstan(['remove', 'a.csv'], undefined, twin.root)).code).toBe(3);
});
