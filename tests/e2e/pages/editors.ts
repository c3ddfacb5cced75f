// The editors under test, each bound to a document and handled by the same few calls.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { EditorSelection, EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import type { SharedDocument } from 'coedit';
import { coedit } from 'coedit/codemirror';
import { bindQuill } from 'coedit/quill';
import { bindTextarea } from 'coedit/textarea';
import Quill from 'quill';
import type { EditorInPage } from '../support/window.js';

interface Maker {
  readonly type: 'rich-text' | 'plain-text';
  make(shared: SharedDocument, place: HTMLElement): EditorInPage;
}

function makeQuill(shared: SharedDocument, place: HTMLElement): EditorInPage {
  const host = document.createElement('div');
  place.append(host);
  const quill = new Quill(host);
  const binding = bindQuill(shared, quill);
  return {
    focus: () => quill.focus(),
    // The last line break is the document's own, nobody types it.
    shown: () => quill.getText().slice(0, -1),
    onScreen: () => [...quill.root.children].map(({ textContent }) => textContent).join('\n'),
    contents: () => quill.getContents().ops,
    isWritable: () => quill.isEnabled(),
    select: (anchor, head) => {
      quill.focus();
      quill.setSelection(Math.min(anchor, head), Math.abs(head - anchor), 'user');
    },
    selection: () => {
      const { index, length } = quill.getSelection() ?? { index: -1, length: 0 };
      return [index, index + length];
    },
    place: (position) => {
      const bounds = quill.getBounds(position);
      const { left, top } = quill.container.getBoundingClientRect();
      return bounds === null ? null : { left: left + bounds.left, top: top + bounds.top };
    },
    scroller: () => quill.root,
    destroy: () => binding.destroy(),
  };
}

function makeCodeMirror(shared: SharedDocument, place: HTMLElement): EditorInPage {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const view = new EditorView({
    parent: place,
    root: place.getRootNode() as Document | ShadowRoot,
    state: EditorState.create({
      extensions: [
        coedit(shared),
        lineNumbers(),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorView.darkTheme.of(dark),
      ],
    }),
  });
  return {
    focus: () => view.focus(),
    shown: () => view.state.doc.toString(),
    onScreen: () => [...view.contentDOM.querySelectorAll('.cm-line')].map(({ textContent }) => textContent).join('\n'),
    contents: () => (view.state.doc.length === 0 ? [] : [{ insert: view.state.doc.toString() }]),
    isWritable: () => !view.state.readOnly,
    select: (anchor, head) => {
      view.focus();
      view.dispatch({ selection: EditorSelection.single(anchor, head), userEvent: 'select', scrollIntoView: true });
    },
    selection: () => [view.state.selection.main.anchor, view.state.selection.main.head],
    place: (position) => view.coordsAtPos(position),
    scroller: () => view.scrollDOM,
    destroy: () => view.destroy(),
  };
}

function makeField(field: HTMLTextAreaElement | HTMLInputElement): Maker['make'] {
  return (shared, place) => {
    place.append(field);
    field.setAttribute('aria-label', 'Text');
    const binding = bindTextarea(shared, field);
    return {
      focus: () => field.focus(),
      shown: () => field.value,
      onScreen: () => field.value,
      contents: () => (shared.text === '' ? [] : [{ insert: shared.text }]),
      isWritable: () => !field.readOnly,
      select: (anchor, head) => {
        field.focus();
        field.setSelectionRange(Math.min(anchor, head), Math.max(anchor, head), head < anchor ? 'backward' : 'forward');
      },
      selection: () => [field.selectionStart ?? -1, field.selectionEnd ?? -1],
      // A browser does not say where the letters of a field are.
      place: () => null,
      scroller: () => field,
      destroy: () => binding.destroy(),
    };
  };
}

export const editors: { readonly [binding: string]: Maker } = {
  quill: { type: 'rich-text', make: makeQuill },
  codemirror: { type: 'plain-text', make: makeCodeMirror },
  textarea: { type: 'plain-text', make: makeField(document.createElement('textarea')) },
  input: { type: 'plain-text', make: makeField(document.createElement('input')) },
};
