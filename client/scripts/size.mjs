// Prints what each entry of the package costs an application (bundled with its dependencies,
// minified, gzip) and fails when one is above its budget. Run by `npm run size` and `npm test`.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Entry in src/ and its budget in bytes of gzip; what entries share is counted in each. */
const entries = [
  { entry: 'index', budget: 25_000 },
  { entry: 'offline', budget: 7_000 },
  { entry: 'http', budget: 7_000 },
];

let failed = false;
for (const { entry, budget } of entries) {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    outdir: 'out',
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  const over = bytes > budget;
  failed ||= over;
  console.log(`${entry}: ${bytes} bytes gzip of ${budget} (${outputFiles[0].contents.length} minified)${over ? ' TOO LARGE' : ''}`);
  if (process.argv.includes('--parts')) {
    const parts = new Map();
    for (const output of Object.values(metafile.outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
        const name = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? path.replace(/^.*src\//, '');
        parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
      }
    }
    for (const [name, size] of [...parts].sort((a, b) => b[1] - a[1])) console.log(`  ${String(size).padStart(6)} ${name}`);
  }
}
if (failed) process.exitCode = 1;
