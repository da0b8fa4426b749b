#!/usr/bin/env node
// Starts Capstan on a Node.js that is new enough: the sources in a checkout, the build in an installed package.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureNode, isNodeNewEnough, keepCompiledCode, runInstead } from './node-runtime.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '..', 'src', 'main.ts');
const isCheckout = existsSync(source);
const main = isCheckout ? source : join(here, '..', 'dist', 'main.js');
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const folder = isCheckout ? join(here, '..', '..', '..', '.runtime') : join(cache, 'capstan');

if (isNodeNewEnough()) {
  await keepCompiledCode(folder);
  await import(pathToFileURL(main).href);
} else {
  try {
    const node = ensureNode(folder, (line) => console.error(`capstan: ${line}`));
    runInstead(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  } catch (error) {
    console.error(`capstan: ${error.message}`);
    process.exit(1);
  }
}
