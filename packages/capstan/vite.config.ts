// Builds the published program: dist/main.js with a chunk per command and child process, dist/ui, dist/vendor.
// What package.json has among devDependencies is bundled in: the workspace, and libraries of many files without
// dependencies of their own, of which a start would read each file by itself. The others stay dependencies.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import manifest from './package.json' with { type: 'json' };
import { builtInterface } from './packaging/built-interface.ts';
import { bundledLicenses } from './packaging/bundled-licenses.ts';
import { fileUrls } from './packaging/file-urls.ts';
import { carriedOnnxruntime } from './packaging/onnxruntime.ts';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  plugins: [fileUrls(), bundledLicenses(), carriedOnnxruntime(dist), builtInterface(`${dist}/ui`)],
  publicDir: false,
  ssr: { noExternal: Object.keys(manifest.devDependencies) },
  build: {
    ssr: true,
    // What runs elsewhere is carried along as it is: the driver on a Ray cluster.
    ssrEmitAssets: true,
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
      },
    },
  },
});
