// Builds the published program: dist/main.js with a chunk per command and child process, dist/ui, dist/vendor.
// What package.json has among devDependencies is bundled in: the workspace, and libraries of many files without
// dependencies of their own, of which a start would read each file by itself. The others stay dependencies.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import manifest from './package.json' with { type: 'json' };
import { builtInterface } from './packaging/built-interface.ts';
import { bundledLicenses } from './packaging/bundled-licenses.ts';
import { builtinModules } from './packaging/builtin-modules.ts';
import { fileUrls } from './packaging/file-urls.ts';
import { carriedOnnxruntime } from './packaging/onnxruntime.ts';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

// Every file costs a start about a millisecond: what commands in a checkout share is in few files, which are these. A
// group takes along what its modules import, but for what is in one before it.
const groups = [
  {
    name: 'base',
    test: /node_modules\/commander\/|src\/(version|cli\/(terminal|exit-codes|interrupted|status-line)|ports\/ids|kernel\/(errors|nearest|digest|canonical-json|path-graph|command-line|stage-(reasons|schedule)|param-texts))\.ts/,
  },
  { name: 'yaml', test: /node_modules\/yaml\/|src\/kernel\/yaml-limits\.ts/ },
  // What each of many threads loads.
  { name: 'hash-task', test: /src\/repository\/hashing\/(hash|pool)-task\.ts/ },
  { name: 'dvc', test: /src\/protocols\/dvc\/(?!index\.ts)/ },
  { name: 'checkout', test: /src\/(repository\/(?!hashing\/hash-thread|plots\/|index\.ts)|cli\/open-here\.ts)/ },
];

export default defineConfig({
  plugins: [fileUrls(), builtinModules(), bundledLicenses(), carriedOnnxruntime(dist), builtInterface(`${dist}/ui`)],
  publicDir: false,
  ssr: { noExternal: Object.keys(manifest.devDependencies) },
  build: {
    ssr: true,
    // Files that run elsewhere, as those of Ray's nodes.
    emitAssets: true,
    outDir: dist,
    emptyOutDir: true,
    target: 'node24',
    // Stack traces in bug reports must be readable.
    minify: false,
    rolldownOptions: {
      input: { main: fileURLToPath(new URL('./src/main.ts', import.meta.url)) },
      // Flat, because code finds dist/ui and dist/vendor beside the file it is in.
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        assetFileNames: '[name]-[hash][extname]',
        codeSplitting: { groups },
      },
    },
  },
});
