// Builds the published program: dist/main.js with a chunk per command and child process, dist/ui, dist/vendor.
// Workspace packages are bundled in, everything from the registry stays a dependency.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { builtInterface } from './packaging/built-interface.ts';
import { fileUrls } from './packaging/file-urls.ts';
import { carriedOnnxruntime } from './packaging/onnxruntime.ts';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  plugins: [fileUrls(), carriedOnnxruntime(dist), builtInterface(`${dist}/ui`)],
  publicDir: false,
  ssr: { noExternal: [/^@capstan\//] },
  build: {
    ssr: true,
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
