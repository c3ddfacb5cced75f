// Builds the page of the binding tests, once before all tests.
import { fileURLToPath } from 'node:url';
import { type InlineConfig, build } from 'vite';

const folder = fileURLToPath(new URL('../../../build/e2e-pages', import.meta.url));

/** Where the built page is; one built before may be given instead. */
export const pagesRoot = process.env['COEDIT_TEST_PAGES'] ?? folder;

export const pagesBuild: InlineConfig = {
  root: fileURLToPath(new URL('../pages', import.meta.url)),
  configFile: false,
  logLevel: 'warn',
  resolve: {
    // coedit is a link to ../../client, which has modules of its own: one copy of each in the page.
    dedupe: ['quill', '@codemirror/state', '@codemirror/view'],
  },
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    // Files stay files: the policy that the server sends allows few data: addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_000,
  },
};

export async function setup(): Promise<void> {
  if (process.env['COEDIT_TEST_PAGES'] === undefined) await build(pagesBuild);
}
