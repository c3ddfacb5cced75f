// Builds the package as it would be published and checks that: its manifest and files (publint), what
// TypeScript finds behind each entry (@arethetypeswrong/cli), that each entry loads in Node, and that a
// bundler leaves out what is not used.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const folder = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
/** Entries with code of others that runs in browsers only. */
const ofBrowsers = new Set(['./quill']);
/** Of a bundle with `labelColor` alone. */
const oneFunctionBytesMax = 1_000;
const scratch = mkdtempSync(join(tmpdir(), 'coedit-package-'));
/** Quiet unless it fails. */
const run = (program, args, cwd = folder) => execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
let failed = false;

try {
  const package_ = join(scratch, 'package');
  for (const file of ['package.json', ...manifest.files.filter((name) => name !== 'dist')]) {
    cpSync(join(folder, file), join(package_, file), { recursive: true });
  }
  run(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json', '--outDir', join(package_, 'dist')]);

  const { messages } = await publint({ pkgDir: package_, strict: true });
  for (const message of messages) console.error(`publint: ${formatMessage(message, manifest)}`);
  failed ||= messages.length > 0;

  const [{ filename, size, entryCount }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', scratch], package_));
  run(join(folder, 'node_modules/.bin/attw'), [join(scratch, filename), '--profile', 'esm-only', '--no-emoji', '--no-color']);

  // As an application has it: the packed files, beside what it installs itself.
  const modules = join(scratch, 'node_modules');
  mkdirSync(join(modules, manifest.name), { recursive: true });
  run('tar', ['-xzf', join(scratch, filename), '-C', join(modules, manifest.name), '--strip-components=1']);
  for (const name of [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies)]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(folder, 'node_modules', name), join(modules, name));
  }
  const entries = Object.keys(manifest.exports).filter((entry) => !ofBrowsers.has(entry) && !entry.endsWith('.json'));
  const imports = entries.map((entry) => `await import('${entry.replace('.', manifest.name)}');`).join('\n');
  run(process.execPath, ['--input-type=module', '--eval', imports], scratch);

  const stdin = { contents: `export { labelColor } from '${manifest.name}';`, resolveDir: scratch };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: 'esm', write: false });
  const bytes = outputFiles[0].contents.length;
  if (bytes > oneFunctionBytesMax) throw new Error(`one small function of ${manifest.name} costs ${bytes} bytes: something has side effects`);
  console.log(`package: ${size} bytes, ${entryCount} files; types right, ${entries.length} entries load in Node`);
} catch (error) {
  console.error(error.message, error.stdout ?? '', error.stderr ?? '');
  failed = true;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (failed) process.exitCode = 1;
