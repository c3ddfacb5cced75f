// Ledger: what a writer meant to do and what it was told, one JSON object a line. It is kept on another
// file system than the data, and written before the operation leaves: nothing the server does or loses
// can touch it. Lines:
//   {client}                           the client id this writer goes by
//   {attempt}                          a connection is being made
//   {author}                           the number the server gave it
//   {intent, base, ops}                an operation is about to leave, under sequence `intent`
//   {acked, revision}                  it is durable, the server says
//   {never}                            it was not committed and never will be: told on reopening, or rejected,
//                                      and not sent again
import {appendFileSync, existsSync, openSync, readFileSync, writeSync} from 'node:fs';

export class Ledger {
  constructor(path) {
    // A killed writer may have left half a line, which was never followed by an action.
    if (existsSync(path) && !readFileSync(path, 'utf8').endsWith('\n')) appendFileSync(path, '\n');
    this.descriptor = openSync(path, 'a');
  }

  write(line) {
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
  }
}

/** {client, author, attempt, operations: Map(sequence -> {base, ops, revision?, never?})} */
export function readLedger(path) {
  const ledger = {client: undefined, author: undefined, attempt: 0, operations: new Map()};
  if (!existsSync(path)) return ledger;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      continue;
    }
    if (entry.client !== undefined) ledger.client = entry.client;
    if (entry.author !== undefined) ledger.author = entry.author;
    if (entry.attempt !== undefined) ledger.attempt = entry.attempt;
    if (entry.intent !== undefined) ledger.operations.set(entry.intent, {base: entry.base, ops: entry.ops});
    if (entry.acked !== undefined) ledger.operations.get(entry.acked).revision = entry.revision;
    if (entry.never !== undefined) ledger.operations.get(entry.never).never = true;
  }
  return ledger;
}
