// Recorded sessions, key by key: the format is described in tests/data/README.md.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export type Patch = readonly [position: number, deleted: number, inserted: string];

const escapes: { readonly [escape: string]: string } = { '\\\\': '\\', '\\n': '\n', '\\t': '\t', '\\r': '\r' };

/** The first `count` patches of a recorded text of `bench/data`. */
export async function recordedPatches(name: string, count: number): Promise<Patch[]> {
  const file = fileURLToPath(new URL(`../../../bench/data/${name}.optrace.gz`, import.meta.url));
  const [, body = ''] = gunzipSync(await readFile(file)).toString('utf8').split('\n---\n');
  const patches: Patch[] = [];
  for (const line of body.split('\n')) {
    if (patches.length === count) break;
    if (line === '' || line.startsWith('@')) continue;
    const [position = '', deleted = '', inserted = ''] = line.split('\t');
    patches.push([Number(position), Number(deleted), inserted.replace(/\\[\\ntr]/g, (escape) => escapes[escape] ?? '')]);
  }
  return patches;
}

/** What the patches make of an empty text. */
export function replayed(patches: readonly Patch[]): string {
  let text = '';
  for (const [position, deleted, inserted] of patches) text = text.slice(0, position) + inserted + text.slice(position + deleted);
  return text;
}
