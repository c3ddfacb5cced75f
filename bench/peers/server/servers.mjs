// The servers of the comparison: how each is started, and what its acknowledgement means.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const nodePeer = (file) => () => ({command: process.execPath, arguments: [join(here, file)], port: /^(\d+)$/, path: '/'});

// What an acknowledged edit has reached. Only coedit's first waits for the disk.
export const servers = [
  {name: 'coedit', protocol: 'coedit', acknowledges: 'after fsync', start: coedit},
  {name: 'ShareDB', protocol: 'sharedb', acknowledges: 'from memory', start: nodePeer('sharedb.mjs')},
  {name: 'y-websocket', protocol: 'y-websocket', acknowledges: 'echo, memory', start: nodePeer('y-websocket.mjs')},
  {name: 'Hocuspocus', protocol: 'hocuspocus', acknowledges: '2-10 s before storing', start: nodePeer('hocuspocus.mjs')},
  {name: 'Socket.IO', protocol: 'socket.io', acknowledges: 'relay only', start: nodePeer('socket.io.mjs')},
];

function coedit(program) {
  const data = mkdtempSync(join(tmpdir(), 'coedit-bench-'));
  const limits = ['submits_per_second=0', 'members_per_document=2000', 'connections=19000'];
  return {
    command: program,
    arguments: [
      'serve', '--data', data, '--listen', '127.0.0.1:0', ...limits.flatMap((limit) => ['--limit', limit]),
    ],
    port: /listening on http:\/\/127\.0\.0\.1:(\d+)/,
    path: '/v1/ws',
    clean: () => rmSync(data, {recursive: true, force: true}),
  };
}

// Starts a server on one processor; resolves to {url, pid, stop} once it listens.
export async function start(server, {coeditProgram, processor}) {
  const {command, arguments: given, port, path, clean} = server.start(coeditProgram);
  const child = spawn('taskset', ['-c', String(processor), command, ...given], {stdio: ['pipe', 'pipe', 'pipe']});
  let complaints = '';
  child.stderr.on('data', (data) => (complaints = (complaints + data).slice(-2000)));
  const gone = new Promise((resolve) => child.on('close', resolve));
  const listening = new Promise((resolve, reject) => {
    createInterface({input: child.stdout}).on('line', (line) => {
      const found = port.exec(line);
      if (found) resolve(Number(found[1]));
    });
    gone.then(() => reject(new Error(`${server.name} ended before it listened: ${complaints}`)));
  });
  const number = await listening;
  return {
    url: `ws://127.0.0.1:${number}${path}`,
    pid: child.pid,
    complaints: () => complaints,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(late);
      clean?.();
    },
  };
}
