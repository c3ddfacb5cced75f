// Writes cmake/text_order.txt, the functions of the server that run, for the linker to put side by side:
// those that operations pass, then those that only the start does. `./dev order` runs it.
//
// The kernel maps a program in pieces of 64 KiB around each page that is touched, so functions that
// are strewn over the program take several times their size of resident memory (docs/performance.md).
// A name that is out of date orders nothing and breaks nothing.
import {execFile, spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
// Not `coedit`: Valgrind knows no names of functions outside the section .text.
const server = join(root, 'build/release/coedit_hooked');
const load = join(root, 'build/release/coedit-load');
const folder = mkdtempSync(join(tmpdir(), 'coedit-order-'));
const counts = join(folder, 'counts');

try {
  const child = spawn(
    'valgrind',
    ['--tool=callgrind', '--demangle=no', `--callgrind-out-file=${counts}`, server, 'serve']
      .concat('--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--limit', 'document_idle_seconds=1'),
    {stdio: ['ignore', 'pipe', 'inherit']},
  );
  const ended = new Promise((resolve) => child.on('close', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({input: child.stdout}).on('line', (line) => {
      const found = /listening on http:\/\/(127\.0\.0\.1:\d+)/.exec(line);
      if (found) resolve(`ws://${found[1]}/v1/ws`);
    });
    ended.then((code) => reject(new Error(`the server ended with ${code} before it listened`)));
  });
  // What was counted so far goes to counts.1.
  await run('callgrind_control', ['--dump', String(child.pid)]);
  for (const encoding of ['protobuf', 'json']) {
    const room = ['room', '--url', url, '--documents', '20', '--clients', '5', '--rate', '4', '--presence', '1'];
    await run(load, [...room, '--joins', '4', '--seconds', '8', '--encoding', encoding]);
  }
  child.kill('SIGTERM');
  await ended;

  const operations = functionsIn(counts);
  const start = functionsIn(`${counts}.1`);
  const names = [...operations, ...[...start].filter((name) => !operations.has(name))];
  writeFileSync(join(root, 'cmake/text_order.txt'), names.map((name) => `${name}\n`).join(''));
  console.log(`cmake/text_order.txt: ${operations.size} functions of operations, ${names.length - operations.size} of the start`);
} finally {
  rmSync(folder, {recursive: true, force: true});
}

/** The names of our program's functions, without those of C libraries, whose objects are ordered as a whole. */
function functionsIn(path) {
  const objects = new Map();
  const functions = new Map();
  const found = new Set();
  let ours = false;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const entry = /^(c?ob|c?fn)=\((\d+)\)(?: (.*))?$/.exec(line);
    if (entry === null) continue;
    const [, kind, id, name] = entry;
    const table = kind.endsWith('ob') ? objects : functions;
    if (name !== undefined) table.set(id, name);
    if (kind === 'ob') ours = objects.get(id) === server;
    if (kind === 'fn' && ours) {
      // A part that the compiler split off stands in a section of its own; a recursion is counted apart.
      // Of a constructor's two names, which are mostly one function, the section has the second.
      const symbol = functions.get(id).replace(/'\d+$/, '').replace(/([CD])1E/g, '$12E');
      if (symbol.startsWith('_Z') && !symbol.includes('.cold')) found.add(symbol);
    }
  }
  return found;
}
