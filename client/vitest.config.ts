import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = fileURLToPath(new URL('src', import.meta.url));

export default defineConfig({
  resolve: {
    // The examples import the package by its name.
    alias: [
      { find: /^coedit$/, replacement: `${source}/index.ts` },
      { find: /^coedit\/(.*)$/, replacement: `${source}/$1.ts` },
    ],
  },
  test: {
    setupFiles: ['tests/support/setup.ts'],
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
  },
});
