import { routes } from '@capstan/api';
import { callsOf } from '@capstan/client/calls';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const server = 'http://127.0.0.1:5050';

/** Methods and paths of the routes, without their schemas: those would be a third of what a page loads before it starts. */
const calls: Plugin = {
  name: 'calls',
  resolveId: (id) => (id === 'virtual:calls' ? '\0virtual:calls' : undefined),
  load: (id) => (id === '\0virtual:calls' ? `export default ${JSON.stringify(callsOf(routes))}` : undefined),
};

export default defineConfig({
  plugins: [react(), calls],
  build: { outDir: 'dist', sourcemap: false, target: 'es2023', chunkSizeWarningLimit: 700 },
  // The server answers to its own address only, and to calls of its own pages.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
});
