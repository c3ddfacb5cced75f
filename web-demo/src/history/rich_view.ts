// A rich text of the past in Quill, read-only, with the formats of the editor and the marks of this panel.
// They are elements, never HTML from a document.
import 'quill/dist/quill.snow.css';
import '../styles/rich_editor.css';
import Quill, { type Parchment } from 'quill';
import { Delta, type Op } from 'coedit';
import { element } from '../dom.js';
import { type Replacement, authorMark, changeMark, currentMark, replacement } from './marked_text.js';
import type { RevisionView } from './revision_view.js';

type Registry = Parchment.Registry;
type BlotClass = Parchment.BlotConstructor & { readonly requiredContainer?: BlotClass; allowedChildren?: readonly unknown[] };

/** As the editor's. */
const formats = ['header', 'bold', 'italic', 'underline', 'strike', 'code', 'link', 'list', 'indent', 'blockquote', 'code-block'];
const coreBlots = ['block', 'break', 'cursor', 'inline', 'scroll', 'text'];

const Inline = Quill.import('blots/inline') as typeof Parchment.InlineBlot;

class AuthorBlot extends Inline {
  static override blotName = authorMark;
  static override className = 'history-author';
  static override tagName = 'SPAN';

  static override create(author: unknown): HTMLElement {
    const node = super.create() as HTMLElement;
    node.dataset['author'] = String(Number(author));
    return node;
  }
  static override formats(node: HTMLElement): unknown {
    return Number(node.dataset['author']);
  }
}

class ChangeBlot extends Inline {
  static override blotName = changeMark;
  static override className = 'history-change';
  /** The value is one of these, in lower case. */
  static override tagName = ['INS', 'DEL', 'MARK'];

  static override formats(node: HTMLElement): unknown {
    return node.tagName.toLowerCase();
  }
}

class CurrentBlot extends Inline {
  static override blotName = currentMark;
  static override className = 'history-current';
  static override tagName = 'SPAN';

  static override formats(): unknown {
    return true;
  }
}

/** What the editor can show, where code may have marks too. */
function markedRegistry(): Registry {
  const { Registry: NewRegistry } = Quill.import('parchment') as unknown as { readonly Registry: new () => Registry };
  const known = (Quill as unknown as { readonly DEFAULTS: { readonly registry: Registry } }).DEFAULTS.registry;
  const registry = new NewRegistry();
  for (const name of [...coreBlots, ...formats]) {
    let blot = known.query(name) as BlotClass | null | undefined;
    for (; blot !== null && blot !== undefined; blot = blot.requiredContainer) registry.register(blot);
  }
  const CodeBlock = known.query('code-block') as unknown as new (...given: never[]) => object;
  class MarkedCodeBlock extends CodeBlock {
    static allowedChildren = [...((CodeBlock as unknown as BlotClass).allowedChildren ?? []), Inline];
  }
  registry.register(MarkedCodeBlock as unknown as BlotClass, AuthorBlot, ChangeBlot, CurrentBlot);
  return registry;
}

/** Quill's texts end with a newline. */
function ended(shown: Delta): Delta {
  const last = shown.ops.at(-1)?.insert;
  return typeof last === 'string' && last.endsWith('\n') ? shown : new Delta([...shown.ops]).insert('\n');
}

/** Beyond so many pieces Quill builds a whole text faster than it changes one. */
const piecesMax = 100;

/** What Quill takes one by one: each component, and each line of it. */
function piecesOf(ops: readonly Op[]): number {
  let pieces = 0;
  for (const { insert } of ops) pieces += typeof insert === 'string' ? insert.split('\n').length : 1;
  return pieces;
}

function asOps(change: Replacement | null): readonly Op[] {
  if (change === null) return [];
  return [...new Delta().retain(change.from).ops, ...change.inserted, ...new Delta().delete(change.removed).ops];
}

class RichView implements RevisionView {
  readonly node: HTMLElement;
  readonly formats: ReadonlySet<string> = new Set(formats);
  private readonly quill: Quill;
  /** As it was given, and as Quill has it; the same where it ends with a newline. */
  private text = new Delta().insert('\n');
  private shown = this.text;

  constructor(parent: HTMLElement) {
    const editor = element('div', { class: 'editor' });
    this.node = element('div', { class: 'history-rich', tabindex: '0', role: 'region' }, editor);
    parent.append(this.node);
    this.quill = new Quill(editor, {
      theme: 'snow',
      readOnly: true,
      registry: markedRegistry(),
      modules: { toolbar: false, history: { maxStack: 0 } },
    });
    this.quill.root.removeAttribute('tabindex');
  }

  show(text: Delta): void {
    const shown = ended(text);
    const update = asOps(replacement(this.shown, shown));
    this.text = text;
    this.shown = shown;
    this.update(update);
  }

  apply(change: Delta): void {
    const next = this.text.compose(change);
    // An end that only stands here is in no change.
    if (this.text !== this.shown || ended(next) !== next) {
      this.show(next);
      return;
    }
    this.text = this.shown = next;
    this.update(change.ops);
  }

  private update(ops: readonly Op[]): void {
    if (ops.length === 0) return;
    if (piecesOf(ops) <= piecesMax) {
      this.quill.updateContents([...ops], 'silent');
      return;
    }
    const { scrollTop } = this.node;
    this.quill.setContents([...this.shown.ops], 'silent');
    this.node.scrollTop = scrollTop;
  }

  reveal(from: number, to: number): void {
    const units = this.quill.getLength();
    const first = this.quill.getBounds(Math.min(from, units - 1));
    const last = this.quill.getBounds(Math.min(Math.max(from, to - 1), units - 1));
    if (first === null || last === null) return;
    const { node } = this;
    // From the container's top to the top of what scrolls.
    const shift = this.quill.container.getBoundingClientRect().top - node.getBoundingClientRect().top + node.scrollTop;
    const [top, bottom] = [first.top + shift, Math.max(first.bottom, last.bottom) + shift];
    const margin = Math.min(96, node.clientHeight / 4);
    if (top < node.scrollTop + margin || bottom - top > node.clientHeight - 2 * margin) node.scrollTop = top - margin;
    else if (bottom > node.scrollTop + node.clientHeight - margin) node.scrollTop = bottom + margin - node.clientHeight;
  }

  adopt(sheet: CSSStyleSheet): void {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets.filter((other) => other !== sheet), sheet];
  }

  label(words: string): void {
    this.node.setAttribute('aria-label', words);
  }

  destroy(): void {
    this.node.remove();
  }
}

export function createRichView(parent: HTMLElement): RevisionView {
  return new RichView(parent);
}
