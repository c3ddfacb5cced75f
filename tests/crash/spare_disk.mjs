// A small disk of its own that can be filled and emptied: a tmpfs, where this process may mount one.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, rmdirSync, statfsSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Undefined where mounting is not permitted. */
export function mountSpareDisk(megabytes) {
  const path = mkdtempSync(join(tmpdir(), 'coedit-spare-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], {stdio: 'ignore'});
  } catch {
    rmdirSync(path);
    return undefined;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    /** Leaves next to nothing. */
    fill() {
      const {bavail, bsize} = statfsSync(path);
      try {
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 40_000)));
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error; // others write here, too: it is full
      }
    },
    free: () => rmSync(ballast, {force: true}),
    unmount() {
      execFileSync('umount', [path], {stdio: 'ignore'});
      rmdirSync(path);
    },
  };
}
