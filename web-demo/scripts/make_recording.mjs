// Makes src/bots/recording.json from a recorded session of tests/data: what five bots type. Each bot gets a
// stretch of one person's typing, with positions among the letters of that stretch alone, so that it can
// be typed anywhere. Run by hand: `npm run recording`. The licence of the recording is in its README.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const source = new URL('../../tests/data/clownschool.session.gz', import.meta.url);
const target = new URL('../src/bots/recording.json', import.meta.url);
/** Which person, and which part of what they typed, from and to, as shares. */
const stretches = [
  { agent: 0, from: 0.02, to: 0.22 },
  { agent: 2, from: 0.05, to: 0.3 },
  { agent: 0, from: 0.35, to: 0.55 },
  { agent: 2, from: 0.42, to: 0.95 },
  { agent: 0, from: 0.68, to: 0.98 },
];
const patchesMax = 1_800;
const pauseMaxMs = 1_200;

const escapes = { '\\\\': '\\', '\\n': '\n', '\\t': '\t', '\\r': '\r' };
const [, body] = gunzipSync(readFileSync(source)).toString('utf8').split('\n---\n');

/** Transactions in the order of the log. */
const log = [];
let seconds = 0;
for (const line of body.split('\n')) {
  if (line === '') continue;
  if (line.startsWith('@')) {
    const [time, agent, base] = line.slice(1).split('\t');
    if (time !== '') seconds = Number(time);
    log.push({ seconds, agent: Number(agent), base: Number(base), patches: [] });
    continue;
  }
  const [position, deleted, ...inserted] = line.split('\t');
  log.at(-1).patches.push([Number(position), Number(deleted), inserted.join('\t').replace(/\\[\\ntr]/g, (escape) => escapes[escape])]);
}

/** Every letter ever typed, in the order of the text: who typed it when, who removed it when. */
const letters = [];
log.forEach((entry, index) => {
  const { agent, base, patches } = entry;
  const seen = (by) => by !== undefined && (by.index < base || by.agent === agent);
  const isThere = (letter) => seen(letter.typed) && !letter.removed.some(seen);
  entry.done = [];
  for (const [position, deleted, inserted] of patches) {
    let at = 0;
    for (let left = position; left > 0; at++) if (isThere(letters[at])) left--;
    const removed = [];
    for (let left = deleted, look = at; left > 0; look++) {
      if (!isThere(letters[look])) continue;
      letters[look].removed.push({ index, agent });
      removed.push(letters[look]);
      left--;
    }
    const typed = [...inserted].map((text) => ({ text, typed: { index, agent }, removed: [] }));
    letters.splice(at, 0, ...typed);
    entry.done.push({ removed, typed });
  }
});
const final = letters.filter(({ removed }) => removed.length === 0).map(({ text }) => text).join('');
console.log(`${log.length} transactions, ${final.length} letters at the end`);

/** Where each letter stands in the whole order: fixed, because letters are never taken out of it. */
letters.forEach((letter, order) => {
  letter.order = order;
});

const bots = stretches.map(({ agent, from, to }) => {
  const own = log.filter((entry) => entry.agent === agent);
  // From the beginning of a line.
  const begin = own.findIndex(({ patches }, index) => index >= own.length * from && patches.some(([, , inserted]) => inserted.endsWith('\n')));
  const part = own.slice(begin + 1, Math.floor(own.length * to));
  const perSecond = new Map();
  for (const { seconds: time } of part) perSecond.set(time, (perSecond.get(time) ?? 0) + 1);
  const there = [];
  const patches = [];
  let before = part[0].seconds;
  for (const { seconds: time, done } of part) {
    const share = 1_000 / perSecond.get(time);
    const pauseMs = Math.min(pauseMaxMs, share + Math.max(0, time - before - 1) * 1_000);
    before = time;
    for (const { removed, typed } of done) {
      for (const letter of removed) {
        const at = there.indexOf(letter);
        if (at < 0) continue; // Typed before this stretch, or by somebody else.
        there.splice(at, 1);
        patches.push([at, 1, '', Math.round(pauseMs)]);
      }
      if (typed.length === 0) continue;
      const at = there.findIndex(({ order }) => order > typed[0].order);
      const place = at < 0 ? there.length : at;
      there.splice(place, 0, ...typed);
      patches.push([place, 0, typed.map(({ text }) => text).join(''), Math.round(pauseMs)]);
    }
    if (patches.length >= patchesMax) break;
  }
  console.log(`agent ${agent}: ${patches.length} patches, ${patches.reduce((sum, [, , , ms]) => sum + ms, 0) / 60_000} min`);
  return patches;
});

const recording = {
  credit: 'Parts of the session "clownschool", recorded by Joseph Gentle, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)',
  source: 'https://github.com/josephg/editing-traces at commit 762fa6c51605c88a05ebe5c4b9d4540caca30b97, concurrent_traces/clownschool.json.gz',
  changes: 'stretches of single people were cut out; positions count the letters of the stretch; pauses are shortened',
  format: 'for each bot a list of [position, removed units, inserted text, pause before it in milliseconds]',
  bots,
};
writeFileSync(target, `${JSON.stringify(recording)}\n`);
