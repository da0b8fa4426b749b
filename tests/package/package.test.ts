// What a user does: pack, install into an empty folder with the host's npm, start. Install scripts stay switched on, to
// prove that there are none.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readyUrl } from '../support/server.ts';
import { cacheWithNode, hostEnvironment, npm, root } from './host.ts';

const folder = mkdtempSync(join(tmpdir(), 'capstan-package-'));
const app = join(folder, 'app');
const program = join(app, 'node_modules', 'capstan');
const cache = cacheWithNode();
const manifest = JSON.parse(readFileSync(join(root, 'packages/capstan/package.json'), 'utf8')) as { version: string };

interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

beforeAll(() => {
  npm(['pack', '--workspace', 'packages/capstan', '--pack-destination', folder], root);
  mkdirSync(app);
  npm(['install', '--no-audit', '--no-fund', join(folder, `capstan-${manifest.version}.tgz`)], app);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(cache, { recursive: true, force: true });
});

test('nothing that is installed has an install script', () => {
  const lock = JSON.parse(readFileSync(join(app, 'node_modules', '.package-lock.json'), 'utf8')) as Lock;
  const names = Object.keys(lock.packages);
  expect(names).toContain('node_modules/capstan');
  expect(names.filter((name) => lock.packages[name]?.hasInstallScript)).toEqual([]);
});

test('whatever its code imports is installed with it, and the terms of what its code holds are there', () => {
  const dist = join(program, 'dist');
  const code = readdirSync(dist).filter((file) => file.endsWith('.js'));
  const imported = code.flatMap((file) => [
    ...readFileSync(join(dist, file), 'utf8').matchAll(
      /^(?:import|export) .*?from "([^".][^"]*)";$|import\("([^".][^"]*)"\)/gm,
    ),
  ]);
  const names = new Set(imported.map(([, fixed, later]) => fixed ?? later ?? ''));
  const installed = createRequire(join(dist, 'main.js'));
  expect(names).toContain('fastify');
  expect([...names].filter((name) => !isBuiltin(name) && !existsIn(installed, name))).toEqual([]);
  const terms = readFileSync(join(dist, 'THIRD-PARTY-LICENSES'), 'utf8');
  for (const name of ['commander', 'croner', 'kysely', 'yaml', 'zod']) {
    expect(names).not.toContain(name);
    expect(terms).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
  }
});

test('whatever file its code names beside itself is there: threads, and what Ray’s nodes run', () => {
  const dist = join(program, 'dist');
  const files = readdirSync(dist);
  const named = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [
      ...readFileSync(join(dist, file), 'utf8').matchAll(/new URL\("\.\/([^"/]+)", import\.meta\.url\)/g),
    ])
    .map(([, name = '']) => name);
  expect(named.filter((name) => name.endsWith('.py')).length).toBeGreaterThan(1);
  expect(named.filter((name) => !files.includes(name))).toEqual([]);
});

function existsIn(installed: NodeJS.Require, name: string): boolean {
  try {
    return installed.resolve(name) !== '';
  } catch {
    return false;
  }
}

test('it starts, answers, shows the interface and stops', async () => {
  const data = join(folder, 'data');
  const args = ['up', '--port', '0', '--serving-port', '0', '--data', data, '--log-level', 'warn'];
  const child = spawn(join(app, 'node_modules', '.bin', 'capstan'), args, {
    cwd: app,
    env: { ...hostEnvironment(), HOME: folder, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const url = await readyUrl(child);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
    expect(script).toBeDefined();
    expect((await fetch(`${url}${script}`)).headers.get('content-type')).toContain('text/javascript');
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
  expect(child.exitCode).toBe(0);
});

test('the program says the version of its package', () => {
  const text = execFileSync(process.execPath, [join(program, 'bin', 'capstan.mjs'), '--version'], { encoding: 'utf8' });
  expect(text).toContain(`capstan ${manifest.version} `);
});

test('a command loads what it needs: a checkout no API, the data plane no checkout, and nothing a file for each module', () => {
  const dist = join(program, 'dist');
  const read = (file: string): string => readFileSync(join(dist, file), 'utf8');
  /** What a file imports when it loads, and that imports. */
  const loadedBy = (file: string): Set<string> => {
    const loaded = new Set([file]);
    // A set hands out what is added while it is gone through.
    for (const each of loaded)
      for (const [, name = ''] of read(each).matchAll(/^(?:import|export) .*?"\.\/([^"]+\.js)";$/gm)) loaded.add(name);
    return loaded;
  };
  const main = read('main.js');
  const command = (name: string): string =>
    new RegExp(`import\\("\\./(${name}-[\\w-]+\\.js)"\\)`).exec(main)?.[1] ?? '';
  const textOf = (files: Iterable<string>): string => [...files].map(read).join('');
  expect(loadedBy('main.js').size).toBeLessThan(5);
  for (const name of ['add', 'status', 'repro']) {
    const loaded = loadedBy(command(name));
    expect(loaded.size).toBeLessThan(15);
    expect(textOf(loaded)).toContain('// src/repository/');
    expect(textOf(loaded)).not.toMatch(/^\/\/ (?:\.\.\/api\/src|.*node_modules\/zod)\//m);
  }
  const all = readdirSync(dist).filter((file) => file.endsWith('.js'));
  const dataPlane = all.filter((file) => file.startsWith('serving-')).flatMap((file) => [...loadedBy(file)]);
  expect(dataPlane.length).toBeGreaterThan(1);
  expect(textOf(dataPlane)).not.toContain('// src/repository/');
  expect(textOf(all)).not.toMatch(/^import .* from "node:/m);
});

test('the ONNX runtime that it carries loads and runs a model', () => {
  const model = join(app, 'columns.onnx');
  cpSync(join(root, 'packages/capstan/src/adapters/runtime-onnx/golden/columns.onnx'), model);
  const script = `
    const { InferenceSession } = require(${JSON.stringify(join(program, 'dist', 'vendor', 'onnxruntime-node'))});
    InferenceSession.create(${JSON.stringify(model)}).then((session) => console.log(JSON.stringify(session.inputNames)));`;
  const output = execFileSync(process.execPath, ['--eval', script], { cwd: app, encoding: 'utf8' });
  expect((JSON.parse(output) as string[]).length).toBeGreaterThan(0);
});
