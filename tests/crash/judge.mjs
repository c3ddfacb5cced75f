// The judge: compares what the writers were told (ledgers) with what is on disk. It folds the log with
// quill-delta, so no line of the code under test says what the text should be.
import Delta from 'quill-delta';
import {tagsIn} from './tags.mjs';

/**
 * @param {string} history what `coedit export` prints; empty: nothing is on disk
 * @returns {{revision: number, text: string, commits: Map<string, {revision: number, ops: object[]}>}}
 */
export function foldHistory(history) {
  let text = new Delta();
  let revision = 0;
  const commits = new Map();
  const problems = [];
  for (const line of history.split('\n').filter((line) => line !== '')) {
    const [[kind, body]] = Object.entries(JSON.parse(line));
    if (kind === 'initial') text = new Delta(body.ops);
    if (kind !== 'commit') continue;
    // L4: no gap.
    if (body.revision !== revision + 1) problems.push(`commit ${body.revision} follows revision ${revision}`);
    revision = body.revision;
    // L2: none twice.
    const key = `${body.author}:${body.sequence}`;
    if (commits.has(key)) problems.push(`${key} is committed at ${commits.get(key).revision} and at ${revision}`);
    commits.set(key, {revision, ops: body.ops});
    text = text.compose(new Delta(body.ops));
  }
  return {revision, text: text.ops.map((op) => op.insert).join(''), commits, problems};
}

/**
 * @param {ReturnType<typeof foldHistory>} history of one document
 * @param {object[]} ledgers of its writers, each with its `name`
 * @returns {{problems: string[], acked: number, unanswered: number}}
 */
export function judge(history, ledgers) {
  const problems = [...history.problems];
  let acked = 0;
  let unanswered = 0;
  for (const {name, author, operations} of ledgers) {
    for (const [sequence, {ops, revision, never}] of operations) {
      const commit = history.commits.get(`${author}:${sequence}`);
      const what = `operation ${sequence} of writer ${name}`;
      if (revision !== undefined) {
        acked += 1;
        // L1: every acknowledged operation is there, where the server said.
        if (commit === undefined) {
          problems.push(`LOST: ${what} was acknowledged at revision ${revision} and is not in the log`);
          continue;
        }
        if (commit.revision !== revision) {
          problems.push(`${what} was acknowledged at ${revision} and stands at ${commit.revision}`);
        }
      } else if (!never) {
        unanswered += 1;
      }
      // L3: what the server called never committed, and nobody sent again, never comes.
      if (never && commit !== undefined) {
        problems.push(`${what} was given up as never committed and stands at revision ${commit.revision}`);
      }
      if (commit !== undefined && inserted(commit.ops) !== inserted(ops)) {
        problems.push(`${what} inserted ${inserted(ops)}, its commit ${inserted(commit.ops)}`);
      }
    }
  }
  // The text tells the same story: whole tags, each once, each from the log.
  try {
    const tags = tagsIn(history.text);
    if (new Set(tags).size !== tags.length) problems.push('a tag stands twice in the text');
  } catch (error) {
    problems.push(error.message);
  }
  return {problems, acked, unanswered};
}

function inserted(ops) {
  return ops.map((op) => op.insert ?? '').join('');
}
