// What Capstan costs before it does anything: time to healthy and idle memory of both planes, from the sources and built,
// the JavaScript of the first screen and how long that takes to be interactive. node bench/footprint.bench.ts, after
// npm run build.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { launchBrowser } from '../tests/support/browser.ts';
import { program, startServer } from '../tests/support/server.ts';
import { installInto } from './installed.ts';
import { median, memoryOf, tell, type Figure } from './measure.ts';

const ROUNDS = 7;
const IDLE_MS = 5_000;
const root = fileURLToPath(new URL('../', import.meta.url));
const installed = mkdtempSync(join(tmpdir(), 'capstan-footprint-'));

/** Seconds until both planes answer that they are well. */
async function startOnce(of: string, cache: string): Promise<number> {
  const before = performance.now();
  const server = await startServer([], undefined, { program: of, cache });
  for (const url of [server.url, server.servingUrl]) {
    const { ok } = await fetch(`${url}/healthz`);
    if (!ok) throw new Error(`${url} is up and not healthy`);
  }
  const seconds = (performance.now() - before) / 1_000;
  await server.stop();
  return seconds;
}

async function idleMemory(of: string, cache: string): Promise<number> {
  const server = await startServer([], undefined, { program: of, cache });
  await sleep(IDLE_MS);
  const memory = memoryOf(server.pid);
  await server.stop();
  return memory;
}

async function footprint(name: string, of: string): Promise<Figure[]> {
  const cache = join(installed, `cache-${name}`);
  mkdirSync(cache);
  // The first start compiles everything, the others find it compiled.
  const first = await startOnce(of, cache);
  const starts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) starts.push(await startOnce(of, cache));
  const memory = await idleMemory(of, cache);
  return [
    { name: `${name}: very first start to healthy`, value: first, unit: 's', goal: '-' },
    { name: `${name}: start to healthy, median`, value: median(starts), unit: 's', goal: '< 1' },
    { name: `${name}: start to healthy, fastest`, value: Math.min(...starts), unit: 's', goal: '-' },
    { name: `${name}: idle memory of both planes`, value: memory, unit: 'MB', goal: '< 250' },
  ];
}

const built = installInto(installed);
const [load = 0] = loadavg();
tell([
  { name: 'load of the machine before, 1 min', value: load, unit: '', goal: '0' },
  ...(await footprint('sources', program)),
  ...(await footprint('built', built)),
]);

const page = readFileSync(join(root, 'packages/ui/dist/index.html'), 'utf8');
const scripts = [...page.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map(([, path = '']) => path);
const compressed = scripts.reduce((sum, path) => {
  const bytes = readFileSync(join(root, 'packages/ui/dist', path));
  return sum + brotliCompressSync(bytes).length;
}, 0);

const server = await startServer([], undefined, { program: built, cache: join(installed, 'cache-built') });
const browser = await launchBrowser();
const loads: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  // A new context each time: nothing is in a cache.
  const context = await browser.newContext();
  const tab = await context.newPage();
  const before = performance.now();
  await tab.goto(server.url);
  await tab.getByRole('heading', { name: 'Overview' }).waitFor();
  loads.push(performance.now() - before);
  await context.close();
}
await browser.close();
await server.stop();
rmSync(installed, { recursive: true, force: true });

tell([
  { name: 'JavaScript of the first screen, brotli', value: compressed / 1_000, unit: 'KB', goal: '≤ 200' },
  { name: 'first screen to its heading, median', value: median(loads) / 1_000, unit: 's', goal: '≤ 1' },
]);
