// Starts what the build has made, with compiled code kept where the sources keep theirs: it starts in half the time.
import { fileURLToPath } from 'node:url';
import { keepCompiledCode } from '../../packages/capstan/bin/node-runtime.mjs';

await keepCompiledCode(fileURLToPath(new URL('../../.runtime', import.meta.url)));
await import('../../packages/capstan/dist/main.js');
