#!/usr/bin/env node
// Starts Capstan on a Node.js that is new enough: the sources in a checkout, the build in an installed package.
import { isNodeNewEnough } from './node-version.mjs';

/** A module of Node.js. An import would look at all that it has, which takes milliseconds of every command. */
const builtin = async (name) => process.getBuiltinModule?.(name) ?? (await import(name));

const { existsSync } = await builtin('node:fs');
const { homedir } = await builtin('node:os');
const { dirname, join } = await builtin('node:path');
const { fileURLToPath } = await builtin('node:url');

const here = dirname(fileURLToPath(import.meta.url));
const isCheckout = existsSync(join(here, '..', 'src', 'main.ts'));
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const folder = isCheckout ? join(here, '..', '..', '..', '.runtime') : join(cache, 'capstan');

if (isNodeNewEnough()) {
  const { enableCompileCache } = await builtin('node:module');
  // Compiled code, and types stripped from sources, are kept for the next start: that is a third of the time. Where the
  // folder cannot be written nothing is. NODE_COMPILE_CACHE names another, NODE_DISABLE_COMPILE_CACHE switches it off.
  enableCompileCache(join(folder, 'compile-cache'));
  await import(isCheckout ? '../src/main.ts' : '../dist/main.js');
} else {
  const { ensureNode, runInstead } = await import('./node-runtime.mjs');
  try {
    const node = ensureNode(folder, (line) => console.error(`capstan: ${line}`));
    runInstead(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  } catch (error) {
    console.error(`capstan: ${error.message}`);
    process.exit(1);
  }
}
