import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite build server/console` writes dist/console; `vite server/console` develops against a server on 8787. */
export default defineConfig({
  plugins: [react()],
  // The server replaces the placeholder with a nonce of its own in every answer.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8787', '/socket.io': { target: 'ws://127.0.0.1:8787', ws: true } } },
});
