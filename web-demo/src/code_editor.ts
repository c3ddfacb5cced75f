// The plain-text editor: CodeMirror with line numbers and highlighting. It stands in a shadow tree,
// because its style elements would need a hole in the page's policy; in there it uses constructed
// style sheets.
import './styles/code_editor.css';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { coedit } from 'coedit/codemirror';
import { loadLanguage } from './code_languages.js';
import { codeTheme } from './code_theme.js';
import { element } from './dom.js';
import { type Language, isLanguage, languageNames, languageOfTitle } from './language_names.js';
import type { EditorContext, MountedEditor } from './mounted_editor.js';
import { readStored, writeStored } from './storage.js';

const languageKey = (id: string): string => `coedit.language.${id}`;
const wrapKey = 'coedit.wrap';

/** How far from the edges someone's cursor is kept while it is followed. */
const revealMarginPx = 96;

interface Bar {
  readonly node: HTMLElement;
  readonly languages: HTMLSelectElement;
  readonly byTitle: HTMLOptionElement;
  readonly wrap: HTMLInputElement;
}

function createBar(): Bar {
  const byTitle = element('option', { value: '' });
  const languages = element(
    'select',
    { class: 'field code-language', 'aria-label': 'Language' },
    byTitle,
    ...Object.entries(languageNames).map(([value, name]) => element('option', { value }, name)),
  );
  const wrap = element('input', { type: 'checkbox' });
  const node = element(
    'div',
    { class: 'code-bar', role: 'group', 'aria-label': 'How the text is shown' },
    languages,
    element('label', { class: 'code-wrap' }, wrap, 'Wrap long lines'),
    element('span', { class: 'code-hint' }, 'Esc, then Tab leaves the text'),
  );
  return { node, languages, byTitle, wrap };
}

export function mountCodeEditor(sheet: HTMLElement, { shared, followTitle }: EditorContext): MountedEditor & { readonly codemirror: EditorView } {
  const bar = createBar();
  const host = element('div', { class: 'code-host' });
  const root = host.attachShadow({ mode: 'open' });
  const box = element('div', { class: 'box' });
  // The shadow tree sees nothing of the page's style sheets; the host is sized from outside.
  const sizes = new CSSStyleSheet();
  sizes.replaceSync(':host { display: block; } div.box { height: 100%; position: relative; }');
  root.adoptedStyleSheets = [sizes];
  root.append(box);
  sheet.append(bar.node, host);

  const language = new Compartment();
  const wrapping = new Compartment();
  const darkness = new Compartment();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = readStored(languageKey(shared.id));
  let chosen: Language | null = isLanguage(stored) ? stored : null;
  let ofTitle: Language = 'text';
  let shown: Language = 'text';
  bar.wrap.checked = readStored(wrapKey) !== false;

  const view = new EditorView({
    parent: box,
    root,
    state: EditorState.create({
      extensions: [
        coedit(shared),
        lineNumbers(),
        foldGutter(),
        highlightSpecialChars(),
        drawSelection(),
        EditorState.allowMultipleSelections.of(true),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        search({ top: false }),
        keymap.of([indentWithTab, ...defaultKeymap, ...searchKeymap, ...foldKeymap]),
        indentUnit.of('  '),
        placeholder('Write something…'),
        EditorView.contentAttributes.of({ 'aria-label': 'Text of the document', 'aria-multiline': 'true', spellcheck: 'false' }),
        codeTheme,
        language.of([]),
        wrapping.of(bar.wrap.checked ? EditorView.lineWrapping : []),
        darkness.of(EditorView.darkTheme.of(dark.matches)),
      ],
    }),
  });

  const showLanguage = (): void => {
    const wanted = chosen ?? ofTitle;
    bar.languages.value = chosen ?? '';
    bar.byTitle.textContent = `By title: ${languageNames[ofTitle]}`;
    if (wanted === shown) return;
    shown = wanted;
    loadLanguage(wanted).then(
      (extension) => {
        if (shown === wanted) view.dispatch({ effects: language.reconfigure(extension) });
      },
      () => undefined, // Without a network the text stays plain.
    );
  };
  bar.languages.addEventListener('change', () => {
    chosen = isLanguage(bar.languages.value) ? bar.languages.value : null;
    writeStored(languageKey(shared.id), chosen);
    showLanguage();
  });
  bar.wrap.addEventListener('change', () => {
    writeStored(wrapKey, bar.wrap.checked);
    view.dispatch({ effects: wrapping.reconfigure(bar.wrap.checked ? EditorView.lineWrapping : []) });
  });
  const followDark = (): void => view.dispatch({ effects: darkness.reconfigure(EditorView.darkTheme.of(dark.matches)) });
  dark.addEventListener('change', followDark);
  showLanguage();
  followTitle((title) => {
    ofTitle = languageOfTitle(title);
    showLanguage();
  });

  return {
    kind: 'plain-text',
    codemirror: view,
    focus: () => view.focus(),
    caretPlace: (position) => {
      const at = view.coordsAtPos(Math.min(position, view.state.doc.length));
      return at === null ? null : { left: at.left, top: at.top, height: at.bottom - at.top };
    },
    reveal: (position) =>
      view.dispatch({
        effects: EditorView.scrollIntoView(Math.min(position, view.state.doc.length), { y: 'nearest', yMargin: revealMarginPx }),
      }),
    view: () => view.scrollDOM.getBoundingClientRect(),
    destroy: () => {
      dark.removeEventListener('change', followDark);
      view.destroy();
    },
  };
}
