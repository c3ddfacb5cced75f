// A plain text of the past in CodeMirror, read-only, which lays out only what is in sight. It stands in a
// shadow tree: the page's policy allows no style elements, and in there CodeMirror uses constructed sheets.
import { EditorState, type Range, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, lineNumbers } from '@codemirror/view';
import { Delta } from 'coedit';
import { codeTheme } from '../code_theme.js';
import { element } from '../dom.js';
import { type Replacement, authorMark, changeMark, currentMark, replacement } from './marked_text.js';
import type { RevisionView } from './revision_view.js';

const setMarks = StateEffect.define<DecorationSet>();
const marksField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, { effects }) => effects.find((effect) => effect.is(setMarks))?.value ?? marks,
  provide: (field) => EditorView.decorations.from(field),
});

const markLooks = EditorView.theme({
  '.cm-content': { paddingBottom: '48px' },
  '.history-author': { backgroundColor: 'color-mix(in srgb, var(--author, transparent) 16%, transparent)', boxShadow: 'inset 0 -2px var(--author, transparent)' },
  'ins.history-change': { backgroundColor: 'var(--history-ins-soft)', color: 'var(--history-ins)', textDecoration: 'underline 2px', textUnderlineOffset: '2px' },
  '.history-current': { outline: '2px solid var(--accent)', outlineOffset: '1px', borderRadius: '2px' },
  'del.history-change': { backgroundColor: 'var(--history-del-soft)', color: 'var(--history-del)', textDecoration: 'line-through 2px' },
});

const changeDecorations = {
  ins: Decoration.mark({ tagName: 'ins', class: 'history-change' }),
  del: Decoration.mark({ tagName: 'del', class: 'history-change' }),
} as const;
const currentDecoration = Decoration.mark({ class: 'history-current', inclusive: true });

interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

function unmarked({ ops }: Delta): Delta {
  return new Delta(ops.map(({ insert }) => ({ insert: insert as string })));
}

function asChanges(change: Replacement | null): readonly TextChange[] {
  if (change === null) return [];
  return [{ from: change.from, to: change.from + change.removed, insert: change.inserted.map(({ insert }) => insert).join('') }];
}

/** Positions of all are those of the text before. */
function changesOf({ ops }: Delta): readonly TextChange[] {
  const changes: TextChange[] = [];
  let at = 0;
  for (const { insert, retain, delete: removed } of ops) {
    if (insert !== undefined) changes.push({ from: at, to: at, insert: insert as string });
    else if (removed !== undefined) changes.push({ from: at, to: at + removed, insert: '' });
    at += removed ?? (typeof retain === 'number' ? retain : 0);
  }
  return changes;
}

class PlainView implements RevisionView {
  readonly node: HTMLElement;
  readonly formats: ReadonlySet<string> = new Set();
  private readonly root: ShadowRoot;
  private readonly view: EditorView;
  private shown = new Delta();
  private readonly authors = new Map<number, Decoration>();
  private marked = false;

  constructor(parent: HTMLElement) {
    this.node = element('div', { class: 'history-plain' });
    parent.append(this.node);
    this.root = this.node.attachShadow({ mode: 'open' });
    const sizes = new CSSStyleSheet();
    sizes.replaceSync(':host { display: block; } .box { height: 100%; }');
    this.root.adoptedStyleSheets = [sizes];
    const box = element('div', { class: 'box' });
    this.root.append(box);
    this.view = new EditorView({
      parent: box,
      root: this.root,
      state: EditorState.create({
        extensions: [
          EditorState.readOnly.of(true),
          // Only \n ends a line in a document; CodeMirror would count others too.
          EditorState.lineSeparator.of('\n'),
          EditorView.editable.of(false),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ tabindex: '0', 'aria-readonly': 'true' }),
          lineNumbers(),
          codeTheme,
          markLooks,
          marksField,
        ],
      }),
    });
  }

  show(shown: Delta): void {
    this.take(shown, asChanges(replacement(unmarked(this.shown), unmarked(shown))));
  }

  apply(change: Delta): void {
    this.take(this.shown.compose(change), changesOf(change));
  }

  private take(shown: Delta, changes: readonly TextChange[]): void {
    this.shown = shown;
    const marks = this.marksOf(shown);
    const was = this.marked;
    this.marked = marks !== Decoration.none;
    if (changes.length === 0 && !was && !this.marked) return;
    this.view.dispatch({ changes, effects: setMarks.of(marks) });
  }

  private marksOf({ ops }: Delta): DecorationSet {
    const ranges: Range<Decoration>[] = [];
    let at = 0;
    for (const { insert, attributes } of ops) {
      const to = at + (insert as string).length;
      const author = attributes?.[authorMark];
      const change = attributes?.[changeMark];
      if (typeof author === 'number') ranges.push(this.ofAuthor(author).range(at, to));
      if (change === 'ins' || change === 'del') ranges.push(changeDecorations[change].range(at, to));
      if (attributes?.[currentMark] === true) ranges.push(currentDecoration.range(at, to));
      at = to;
    }
    return ranges.length === 0 ? Decoration.none : Decoration.set(ranges, true);
  }

  private ofAuthor(author: number): Decoration {
    let mark = this.authors.get(author);
    if (mark === undefined) {
      mark = Decoration.mark({ class: 'history-author', attributes: { 'data-author': String(author) } });
      this.authors.set(author, mark);
    }
    return mark;
  }

  reveal(from: number, to: number): void {
    const { length } = this.view.state.doc;
    const [start, end] = [Math.min(from, length), Math.min(to, length)];
    this.view.dispatch({ effects: EditorView.scrollIntoView(start, { y: 'nearest', yMargin: Math.min(96, this.node.clientHeight / 4) }) });
    if (end > start) this.view.requestMeasure();
  }

  adopt(sheet: CSSStyleSheet): void {
    this.root.adoptedStyleSheets = [...this.root.adoptedStyleSheets.filter((other) => other !== sheet), sheet];
  }

  label(words: string): void {
    this.view.contentDOM.setAttribute('aria-label', words);
  }

  destroy(): void {
    this.view.destroy();
    this.node.remove();
  }
}

export function createPlainView(parent: HTMLElement): RevisionView {
  return new PlainView(parent);
}
