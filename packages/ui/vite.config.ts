import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = 'http://127.0.0.1:5050';

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', sourcemap: false, target: 'es2023', chunkSizeWarningLimit: 700 },
  // The server answers to its own address only, and to calls of its own pages.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
});
