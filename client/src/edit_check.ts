// The door for own edits: what comes out fits the text and can be sent.
import { canonicalJson } from './canonical_json.js';
import { Delta, type DeltaLike, baseLength, deltaFromEditor } from './delta.js';
import { alignPairs } from './diff.js';
import { EditError } from './errors.js';
import type { DocumentType } from './shared_document.js';
import type { SubmitLimits } from './split.js';

/** Of one component beside its text; above this it is worth measuring. */
const componentBytesSmall = 2_048;

/** The edit in normal form, for this text. Throws EditError (`invalid_operation`, `too_big`). */
export function checkedEdit(edit: DeltaLike, view: Delta, type: DocumentType | null, limits: SubmitLimits): Delta {
  const normal = deltaFromEditor(edit);
  const asked = baseLength(normal);
  if (asked > view.length()) {
    throw new EditError('invalid_operation', `an edit of ${asked} units does not fit a text of ${view.length()}`);
  }
  for (const op of normal.ops) {
    const embed = typeof op.insert === 'object';
    if (type === 'plain-text' && (embed || op.attributes !== undefined)) {
      throw new EditError('invalid_operation', 'plain text has neither formats nor embeds');
    }
    if (!embed && op.attributes === undefined) continue;
    // What cannot be split must fit by itself.
    const alone = typeof op.insert === 'string' ? { ...op, insert: 'x' } : op;
    if (canonicalJson(alone).length < componentBytesSmall) continue;
    if (limits.measure(new Delta([alone])) > limits.messageBytes) {
      throw new EditError('too_big', 'a single component is larger than one message may be');
    }
  }
  return alignPairs(normal, view);
}
