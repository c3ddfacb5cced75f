// Asks ot_oracle's bridge and waits for the answer: ot-fuzzer wants a type whose functions return.
// Node has no blocking pipes to a child, but it can open named ones and read them at once.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export class Bridge {
  /** The pipes are made in `folder`. */
  constructor(driver, folder) {
    const [requests, answers] = ['requests', 'answers'].map((name) => join(folder, name));
    execFileSync('mkfifo', [requests, answers]);
    this.child = spawn('sh', ['-c', 'exec "$0" bridge <"$1" >"$2"', driver, requests, answers], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // Each waits until the child opens its end.
    this.requests = openSync(requests, 'w');
    this.answers = openSync(answers, 'r');
    this.buffer = Buffer.alloc(1 << 16);
  }

  ask(...request) {
    const bytes = Buffer.from(`${JSON.stringify(request)}\n`);
    for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.requests, bytes, sent);
    const parts = [];
    for (;;) {
      const size = readSync(this.answers, this.buffer, 0, this.buffer.length, null);
      if (size === 0) throw new Error(`the bridge ended at ${bytes}`);
      parts.push(Buffer.from(this.buffer.subarray(0, size)));
      if (this.buffer[size - 1] === 10) break;
    }
    const answer = JSON.parse(Buffer.concat(parts).toString());
    if (typeof answer === 'string') throw new Error(`${answer} for ${bytes}`);
    return answer;
  }

  close() {
    closeSync(this.requests);
    closeSync(this.answers);
  }
}
