// The servers of the comparison: how each is started, and what its acknowledgement means.
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const startMs = 20_000;
const stopMs = 8_000;

const nodePeer = (file) => ({folder}) => ({
  command: process.execPath,
  arguments: [join(here, file), folder],
  port: /^(\d+)$/,
  path: '/',
});

// What an acknowledged edit has reached. Only coedit's waits for the disk.
export const servers = [
  {name: 'coedit', protocol: 'coedit', stored: 'before the ack (fsync)', start: coedit},
  {name: 'ShareDB', protocol: 'sharedb', stored: 'never', start: nodePeer('sharedb.mjs')},
  {name: 'y-websocket', protocol: 'y-websocket', stored: 'never', start: nodePeer('y-websocket.mjs')},
  {name: 'Hocuspocus', protocol: 'hocuspocus', stored: '2 to 10 s after the ack', start: nodePeer('hocuspocus.mjs')},
  {name: 'Socket.IO', protocol: 'socket.io', stored: 'never', start: nodePeer('socket.io.mjs')},
];

function coedit({program, folder, limits, threads = 1}) {
  return {
    command: program,
    arguments: [
      'serve', '--data', folder, '--listen', '127.0.0.1:0', '--log-level', 'warning', '--threads', String(threads),
      ...limits.flatMap((limit) => ['--limit', limit]),
    ],
    port: /listening on http:\/\/127\.0\.0\.1:(\d+)/,
    path: '/v1/ws',
  };
}

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

// A child of ours on one processor, where there are several. It does not outlive this process.
export function startOn(processor, command, given, stdio) {
  const child =
    processor === undefined
      ? spawn(command, given, {stdio, env: environment})
      : spawn('taskset', ['-c', String(processor), command, ...given], {stdio, env: environment});
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({code, signal}));
    child.on('error', (error) => resolve({code: 127, error}));
  });
  child.ended.then(() => running.delete(child));
  return child;
}
const environment = {...process.env, NODE_ENV: 'production'};

// Ends a child that does not end by itself in time.
export async function endWithin(child, ms) {
  const late = setTimeout(() => child.kill('SIGKILL'), ms);
  const how = await child.ended;
  clearTimeout(late);
  return how;
}

// Starts a server with an empty folder of its own below `scratch`; resolves to {url, pid, stop} once it
// listens, and throws if it does not in time.
export async function start(server, {program, scratch, processor, limits, threads}) {
  mkdirSync(scratch, {recursive: true});
  const folder = mkdtempSync(join(scratch, 'data-'));
  const clean = () => rmSync(folder, {recursive: true, force: true});
  const {command, arguments: given, port, path} = server.start({program, folder, limits, threads});
  const child = startOn(processor, command, given, ['pipe', 'pipe', 'pipe']);
  let complaints = '';
  child.stderr.on('data', (data) => (complaints = (complaints + data).slice(-4000)));
  child.stdin.on('error', () => {});
  const listening = new Promise((resolve) => {
    createInterface({input: child.stdout}).on('line', (line) => {
      const found = port.exec(line);
      if (found) resolve(Number(found[1]));
    });
  });
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, startMs)));
  const number = await Promise.race([listening, child.ended.then(() => undefined), late]);
  clearTimeout(timer);
  const stop = async () => {
    child.kill('SIGTERM');
    await endWithin(child, stopMs);
    clean();
  };
  if (number === undefined) {
    await stop();
    throw new Error(`did not listen within ${startMs / 1000} s: ${firstLine(complaints)}`);
  }
  return {url: `ws://127.0.0.1:${number}${path}`, pid: child.pid, complaints: () => firstLine(complaints), stop};
}

// The line that tells most: an error if there is one.
function firstLine(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '').trim().slice(0, 160);
}
