// A writer: a process of its own that types tags into one document until it is told to stop, through
// whatever happens to the server and to itself. `node writer.mjs URL DOCUMENT NAME LEDGER SEED`
//
// It says on stdout, one JSON object a line: {acked}, {down} when it lost the server, {still}
// for each attempt that failed, {settled, revision} after
// the line `finish` on stdin and its last answer, {reached, sha256} when it has the revision of `reach N`.
import {createHash} from 'node:crypto';
import {createInterface} from 'node:readline';
import Delta from 'quill-delta';
import {DocumentChannel, randomClientId} from './document_channel.mjs';
import {Ledger, readLedger} from './ledger.mjs';
import {makeRandom} from './random.mjs';
import {extendDigest} from './replica_digest.mjs';
import {placeIn, tag} from './tags.mjs';

const [url, documentId, name, ledgerPath, seed] = process.argv.slice(2);
const random = makeRandom(Number(seed));
const past = readLedger(ledgerPath);
const ledger = new Ledger(ledgerPath);
const clientId = past.client ?? randomClientId();
if (past.client === undefined) ledger.write({client: clientId});

let attempt = past.attempt;
let author;
let channel;
let open = false;
let known; // {epoch, revision, digest}: the digest of what this process applied
let text; // at known.revision
let sequence = Math.max(0, ...past.operations.keys());
let inFlight = openEnd(); // {sequence, base, ops, rebased?: how it looks on `text`}
let finishing = false;
let reach;

// What the last process of this writer left without an answer.
function openEnd() {
  for (const [sequence, {base, ops, revision, never}] of past.operations) {
    if (revision === undefined && !never) return {sequence, base, ops};
  }
  return undefined;
}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function connect() {
  ledger.write({attempt: ++attempt});
  channel = new DocumentChannel({
    url,
    document: documentId,
    clientId,
    attempt,
    known,
    inFlight: inFlight?.sequence,
    on: (kind, body) => take[kind](body),
    ended: lost,
  });
}

function lost(why) {
  say(open ? {down: why} : {still: why});
  open = false;
  // A person's machine waits longer; here the server is back in some milliseconds.
  setTimeout(connect, 10 + 40 * random());
}

// Without `known` the server gives the text as it is.
function startOver() {
  channel.drop();
  known = text = undefined;
  open = false;
  connect();
}

const take = {
  opened(body) {
    open = true;
    // Until its first commit an author may get another number from a server that has started anew.
    if (body.author !== author) ledger.write({author: body.author});
    author = body.author;
    sequence = Math.max(sequence, body.lastSequence);
    if (body.snapshot) {
      text = body.snapshot.ops.map((op) => op.insert).join('');
      if (inFlight) inFlight.rebased = undefined;
    } else {
      for (const commit of body.commits) applyCommit(commit);
      if (known.digest !== body.digest) {
        throw new Error(`at revision ${body.revision} the digest is ${known.digest}, the server says ${body.digest}`);
      }
    }
    known = {epoch: body.epoch, revision: body.revision, digest: body.digest};
    const fate = body.inFlight;
    if (inFlight && fate?.committed) acked(fate.sequence, fate.revision);
    if (inFlight) {
      // Never committed. Either goes: it comes again as it was, or it is given up for good.
      if (random() < 0.7) return channel.submit(inFlight.sequence, inFlight.base, inFlight.ops);
      ledger.write({never: inFlight.sequence});
      inFlight = undefined;
    }
    next();
  },

  committed(commit) {
    applyCommit(commit);
    tellReached();
  },

  ack(body) {
    const {rebased} = inFlight;
    acked(body.sequence, body.revision);
    // It was made on a text this process never saw, so nobody knows how it looks on this one.
    if (rebased === undefined) return startOver();
    text = compose(text, rebased);
    follow(author, body.revision, rebased);
    next();
  },

  rejected({sequence: refused, code}) {
    if (code !== 'revision_too_old') throw new Error(`operation ${refused} was rejected: ${code}`);
    ledger.write({never: refused});
    inFlight = undefined;
    next();
  },
};

function applyCommit({author: by, sequence: under, revision, delta}) {
  const change = new Delta(delta.ops);
  if (inFlight && by === author && under === inFlight.sequence) {
    acked(under, revision);
  } else if (inFlight?.rebased) {
    inFlight.rebased = change.transform(inFlight.rebased, true);
  }
  text = compose(text, change);
  follow(by, revision, change);
}

function follow(by, revision, change) {
  known = {...known, revision, digest: extendDigest(known.digest, by, change)};
}

function compose(before, change) {
  return new Delta().insert(before).compose(change).ops.map((op) => op.insert).join('');
}

function acked(under, revision) {
  if (under !== inFlight?.sequence) throw new Error(`an answer to ${under}, which is not under way`);
  ledger.write({acked: under, revision});
  inFlight = undefined;
  say({acked: under});
}

function next() {
  if (finishing) {
    say({settled: true, revision: known.revision});
    return tellReached();
  }
  const [position, victim] = placeIn(text, random());
  const change = new Delta().retain(position);
  sequence += 1;
  // The text stays short: from some length on more is removed than written.
  if (victim !== undefined && random() < (text.length > 4000 ? 0.6 : 0.2)) {
    change.delete(victim.length);
  } else {
    change.insert(tag(name, sequence));
  }
  inFlight = {sequence, base: known.revision, ops: change.ops, rebased: change};
  ledger.write({intent: sequence, base: inFlight.base, ops: inFlight.ops});
  channel.submit(sequence, inFlight.base, inFlight.ops);
}

function tellReached() {
  if (reach === undefined || !open || known.revision < reach) return;
  say({reached: known.revision, sha256: createHash('sha256').update(text).digest('hex')});
  reach = undefined;
}

createInterface({input: process.stdin})
  .on('line', (line) => {
    const [word, number] = line.split(' ');
    if (word === 'finish') finishing = true;
    if (word === 'reach') {
      reach = Number(number);
      tellReached();
    }
  })
  .on('close', () => process.exit(0));
connect();
