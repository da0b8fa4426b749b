// How the planes start: side by side, told of each other, and without loading what most starts never use.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder, launcher as program, readyUrl, startServer } from '../support/server.ts';

/** Says at its end which packages a process has loaded: `loaded serve: fastify, pino, …`. */
const TELL_PACKAGES = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load(url, context, next) {
    const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
    if (name) packages.add(name);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write('loaded ' + process.argv[2] + ': ' + [...packages].join(', ') + '\\n'));
`;

const WAITING = ['--serving-port=0', '--control-plane=-', '--while-input-open'];

function start(
  command: string,
  flags: readonly string[],
  nodeFlags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const data = emptyFolder();
  const args = [...nodeFlags, program, command, `--data=${data}`, '--log-level=warn', ...flags];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: emptyFolder(), ...env },
  });
  return { child, data };
}

function textOf(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}

test('neither plane loads the libraries that only some requests or some installations need', async () => {
  const hooks = `data:text/javascript,${encodeURIComponent(TELL_PACKAGES)}`;
  const { child } = start('up', ['--port=0', '--serving-port=0'], ['--import', hooks]);
  const said = textOf(child.stderr);
  const url = await readyUrl(child);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
  const packagesOf = (command: string): string[] =>
    new RegExp(`^loaded ${command}: (.*)$`, 'm').exec(said())?.[1]?.split(', ') ?? [];

  const later = ['pg', '@duckdb/node-api', 'onnxruntime-node', 'ajv', '@bufbuild/protobuf'];
  const [control, data] = [packagesOf('up'), packagesOf('serve')];
  expect(control).toEqual(expect.arrayContaining(['fastify', 'kysely', 'zod']));
  expect(data).toEqual(expect.arrayContaining(['fastify', 'zod']));
  expect(control.filter((name) => later.includes(name))).toEqual([]);
  expect(data.filter((name) => [...later, 'kysely', 'croner', 'yaml'].includes(name))).toEqual([]);
});

test('a data plane that is to be told where the control plane is follows the one it is told', async () => {
  const control = await startServer(['--no-serving']);
  const { child } = start('serve', WAITING);
  child.stdin?.write(`${control.url}\n`);
  const url = await readyUrl(child);
  await expect
    .poll(async () => await (await fetch(`${url}/api/v1/serving/status`)).json(), { timeout: 20_000 })
    .toMatchObject({ isControlPlaneReachable: true });
  child.stdin?.end();
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
  await control.stop();
});

test('one that is never told touches nothing, and ends with its input', async () => {
  const { child, data } = start('serve', WAITING);
  child.stdin?.end();
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
  expect(readdirSync(data)).toEqual([]);
});

test('a control plane that cannot start takes the data plane along, and the reason is its own', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { child, data } = start('up', [`--port=${port}`, '--serving-port=0']);
  const said = textOf(child.stderr);
  await once(child, 'close');
  taken.close();
  expect(child.exitCode).toBe(5);
  expect(said().trim().split('\n')).toEqual([expect.stringContaining(`Port ${port}`), expect.stringContaining('Stop')]);
  expect(existsSync(join(data, 'serving'))).toBe(false);
});

test('what was compiled is kept as soon as both planes are ready, also when they are killed then', async () => {
  const kept = emptyFolder();
  const { child } = start('up', ['--port=0', '--serving-port=0'], [], { NODE_COMPILE_CACHE: kept });
  await readyUrl(child);
  const files = (): string[] => readdirSync(kept, { recursive: true, encoding: 'utf8' });
  await expect.poll(() => files().length, { timeout: 20_000 }).toBeGreaterThan(100);
  child.kill('SIGKILL');
  await once(child, 'close');
});

test('an installed program keeps it in the cache folder of its user', () => {
  const [installed, cache] = [emptyFolder(), emptyFolder()];
  cpSync(dirname(program), join(installed, 'bin'), { recursive: true });
  mkdirSync(join(installed, 'dist'));
  writeFileSync(join(installed, 'package.json'), '{"type":"module"}');
  const main = `import { getCompileCacheDir } from 'node:module'; process.stdout.write(getCompileCacheDir() ?? 'none');`;
  writeFileSync(join(installed, 'dist', 'main.js'), main);
  const env = { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: cache };
  const told = execFileSync(process.execPath, [join(installed, 'bin', 'capstan.mjs')], { env, encoding: 'utf8' });
  expect(told.startsWith(join(cache, 'capstan', 'compile-cache'))).toBe(true);
});

test('gRPC has a port beside that of HTTP, keeps it over a restart, or is left out; a taken one is told with its flag', async () => {
  const { child } = start('up', ['--port=0', '--serving-port=0', '--access-log']);
  const said = textOf(child.stdout);
  const logged = textOf(child.stderr);
  await readyUrl(child);
  const [, url = '', grpc = ''] = /predictions at (\S+), gRPC at (\S+), data in/.exec(said()) ?? [];
  const told = async (): Promise<unknown> =>
    ((await (await fetch(`${url}/api/v1/serving/status`)).json()) as { grpcAddress: unknown }).grpcAddress;
  expect(await told()).toBe(grpc);
  await expect.poll(logged, { timeout: 10_000 }).toContain('"route":"/api/v1/serving/status","status":200');
  expect(grpc).toMatch(/^127\.0\.0\.1:\d+$/);

  const without = await startServer(['--no-grpc']);
  const status = await fetch(`${without.servingUrl}/api/v1/serving/status`);
  expect(await status.json()).toMatchObject({ grpcAddress: null });
  await without.stop();

  const port = grpc.split(':')[1] ?? '';
  const second = start('up', ['--port=0', '--serving-port=0', `--grpc-port=${port}`]);
  const complaint = textOf(second.child.stderr);
  await once(second.child, 'close');
  expect(second.child.exitCode).toBe(5);
  expect(complaint()).toContain(`Port ${port} of 127.0.0.1 is taken`);
  expect(complaint()).toContain('--no-grpc');

  const listed = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(child.pid)], { encoding: 'utf8' });
  const plane = Number(/^\s*(\d+) .* serve /m.exec(listed)?.[1]);
  process.kill(plane, 'SIGKILL');
  await expect.poll(() => told().catch(() => undefined), { timeout: 20_000 }).toBe(grpc);
  child.kill('SIGTERM');
  await once(child, 'close');
});
