// What Capstan costs before it does anything: time to healthy, idle memory of both planes, JavaScript of the first screen
// and how long that takes to be interactive. node bench/footprint.bench.ts, after npm run build.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { launchBrowser } from '../tests/support/browser.ts';
import { startServer } from '../tests/support/server.ts';
import { median, memoryOf, tell } from './measure.ts';

const ROUNDS = 7;
const IDLE_MS = 5_000;

const starts: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const before = performance.now();
  const server = await startServer();
  const { ok } = await fetch(`${server.url}/healthz`);
  if (!ok) throw new Error('the server is up and not healthy');
  starts.push(performance.now() - before);
  await server.stop();
}

const server = await startServer();
await sleep(IDLE_MS);
const memory = memoryOf(server.pid);

const page = readFileSync(fileURLToPath(new URL('../packages/ui/dist/index.html', import.meta.url)), 'utf8');
const scripts = [...page.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map(([, path = '']) => path);
const compressed = scripts.reduce((sum, path) => {
  const bytes = readFileSync(fileURLToPath(new URL(`../packages/ui/dist${path}`, import.meta.url)));
  return sum + brotliCompressSync(bytes).length;
}, 0);

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

tell([
  { name: 'start to healthy, both planes, median', value: median(starts) / 1_000, unit: 's', goal: '< 1' },
  { name: 'idle memory of both planes', value: memory, unit: 'MB', goal: '< 250' },
  { name: 'JavaScript of the first screen, brotli', value: compressed / 1_000, unit: 'KB', goal: '≤ 200' },
  { name: 'first screen to its heading, median', value: median(loads) / 1_000, unit: 's', goal: '≤ 1' },
]);
