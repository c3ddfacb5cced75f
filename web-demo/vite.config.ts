import { defineConfig } from 'vite';

// A running `coedit serve`, for `npm run dev` only; the built page talks to whoever serves it.
const server = process.env['COEDIT_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  resolve: {
    // coedit is a link to ../client, which has modules of its own: one copy of each in the page.
    dedupe: ['quill', '@codemirror/state', '@codemirror/view'],
  },
  build: {
    target: 'es2022',
    // Files stay files: the page's content security policy has few data: addresses to allow.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    // The server knows a hashed name by what follows its last dash: no dashes in hashes.
    rollupOptions: { output: { hashCharacters: 'base36' } },
  },
  // The bots share the SDK's code with the page.
  worker: { format: 'es', rollupOptions: { output: { hashCharacters: 'base36' } } },
  server: {
    // 127.0.0.1 by name: the server admits only pages of the host it knows.
    host: '127.0.0.1',
    proxy: { '/v1': { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
  },
});
